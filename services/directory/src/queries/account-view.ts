import { type AccountRow, parseList, parseMap } from '../projections/account-row.ts'
import { effectiveSetting, type SettingLevels } from '../settings/inheritance.ts'
import type { SettingName, SettingValues } from '../settings/known-settings.ts'

/** An account with what it inherits. */
export type AccountViewRow = AccountRow & {
  readonly epoch: number
  readonly tenant_state: string
  readonly tenant_state_changed: number
  readonly tenant_settings: string
  readonly platform_settings: string
}

/** `FROM` may join further tables to `a`, `t` and `p`. */
export const SELECT_VIEW = `SELECT a.*, t.epoch, t.state AS tenant_state, t.state_changed AS tenant_state_changed,
  t.settings AS tenant_settings, p.settings AS platform_settings`

export const FROM_VIEW =
  "FROM account a JOIN tenant t ON t.tenant = a.tenant JOIN platform p ON p.tenant = '-'"

export type AccountView = {
  readonly tenant: string
  readonly account: string
  readonly address: string
  readonly aliases: readonly string[]
  readonly displayName: string
  readonly locale: string
  readonly timeZone: string
  readonly state: string
  readonly quotaBytes: number
  readonly attributes: Readonly<Record<string, string>>
  readonly credentialVersion: number
  readonly epoch: number
  readonly tenantState: string
}

const levelsOf = (row: AccountViewRow, configured: SettingValues): SettingLevels => ({
  configured,
  platform: parseMap(row.platform_settings),
  tenant: parseMap(row.tenant_settings),
  account: parseMap(row.settings),
})

export const accountView = (row: AccountViewRow, configured: SettingValues): AccountView => {
  const levels = levelsOf(row, configured)
  const inherited = (name: SettingName) => effectiveSetting(levels, name).value
  return {
    tenant: row.tenant,
    account: row.account,
    address: row.address,
    aliases: parseList<string>(row.aliases),
    displayName: row.display_name,
    locale: row.locale || inherited('locale'),
    timeZone: row.time_zone || inherited('timeZone'),
    state: row.state,
    quotaBytes: row.quota_bytes || Number(inherited('mail.quota')),
    attributes: parseMap(row.attributes),
    credentialVersion: Math.max(row.credential_version, row.tenant_state_changed),
    epoch: row.epoch,
    tenantState: row.tenant_state,
  }
}
