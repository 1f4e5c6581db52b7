import type { Reader } from '@relais/read-store'
import type { AccountDevices, Device, Wipe } from '../device/device.ts'

type Row = {
  account: string
  device: string
  type: string
  user_agent: string
  protocol_version: string
  registered_at: number
  blocked: number
  informed: number
  model: string
  friendly_name: string
  os: string
  os_language: string
  phone_number: string
  mobile_operator: string
  imei: string
  own_user_agent: string
  policy_key: number
  policy_hash: string
  policy_status: number
  policy_at: number
  /** device, account, '' */
  wipe: string
  wipe_state: string
  wipe_requested_at: number
  wipe_answered_at: number
}

const columns = `account, device, type, user_agent, protocol_version, registered_at, blocked, informed, model, friendly_name, os,
  os_language, phone_number, mobile_operator, imei, own_user_agent, policy_key, policy_hash, policy_status, policy_at,
  wipe, wipe_state, wipe_requested_at, wipe_answered_at`

const informationOf = (row: Row): Device['information'] =>
  row.informed === 0
    ? undefined
    : {
        model: row.model,
        friendlyName: row.friendly_name,
        os: row.os,
        osLanguage: row.os_language,
        phoneNumber: row.phone_number,
        mobileOperator: row.mobile_operator,
        imei: row.imei,
        userAgent: row.own_user_agent,
      }

const policyOf = (row: Row): Device['policy'] =>
  row.policy_hash === ''
    ? undefined
    : { key: row.policy_key, hash: row.policy_hash, status: row.policy_status, at: row.policy_at }

const wipeOf = (row: Row): Device['wipe'] =>
  row.wipe === ''
    ? undefined
    : {
        accountOnly: row.wipe === 'account',
        state: row.wipe_state as Wipe['state'],
        requestedAt: row.wipe_requested_at,
        answeredAt: row.wipe_answered_at,
      }

const deviceOf = (row: Row): Device => ({
  device: row.device,
  type: row.type,
  userAgent: row.user_agent,
  protocolVersion: row.protocol_version,
  registeredAt: row.registered_at,
  blocked: row.blocked === 1,
  information: informationOf(row),
  policy: policyOf(row),
  wipe: wipeOf(row),
})

/** All devices of an account, and the position of its stream's last commit (0: none). */
export const accountDevices = async (
  reader: Reader,
  tenant: string,
  account: string,
): Promise<{ devices: AccountDevices; head: number }> => {
  const rows = await reader.all<Row>(
    `SELECT ${columns} FROM devices WHERE tenant = ? AND account = ? ORDER BY device`,
    tenant,
    account,
  )
  const stream = await reader.get<{ head: number }>(
    'SELECT head FROM device_streams WHERE tenant = ? AND account = ?',
    tenant,
    account,
  )
  return { devices: new Map(rows.map((row) => [row.device, deviceOf(row)])), head: stream?.head ?? 0 }
}

export type ListedDevice = Device & { readonly account: string }

type Page = { tenant: string; account: string; after: { account: string; device: string }; limit: number }

/** A page of devices by (account, device); account '': of the whole tenant. */
export const listDevices = async (reader: Reader, page: Page): Promise<readonly ListedDevice[]> => {
  const { tenant, account, after, limit } = page
  const rows = await reader.all<Row>(
    `SELECT ${columns} FROM devices WHERE tenant = ? AND (? = '' OR account = ?) AND (account, device) > (?, ?)
     ORDER BY account, device LIMIT ?`,
    ...[tenant, account, account, after.account, after.device, limit],
  )
  return rows.map((row) => ({ ...deviceOf(row), account: row.account }))
}
