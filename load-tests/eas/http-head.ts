import type { Ask, Command } from './effects.ts'
import type { PhoneState } from './phone-state.ts'

export type Head = {
  readonly method: 'POST' | 'OPTIONS'
  /** With its question mark; '' of OPTIONS. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

/** What goes before a request's body, but for its length and the server's name ([MS-ASHTTP] 2.2.1). */
export const headOf = (phone: PhoneState, { command, body }: Pick<Ask, 'command' | 'body'>): Head => {
  const { account, family } = phone
  const credentials = Buffer.from(`${account.address}:${account.password}`, 'utf8').toString('base64')
  const headers = { Authorization: `Basic ${credentials}`, 'User-Agent': family.userAgent }
  if (command === 'OPTIONS') return { method: 'OPTIONS', query: '', headers }
  return {
    method: 'POST',
    query: family.query === 'plain' ? plainQuery(phone, command) : `?${base64Query(phone, command)}`,
    headers: {
      ...headers,
      ...(family.query === 'plain' && {
        'MS-ASProtocolVersion': family.version,
        'X-MS-PolicyKey': phone.policyKey,
      }),
      ...(body !== undefined && { 'Content-Type': 'application/vnd.ms-sync.wbxml' }),
    },
  }
}

const plainQuery = ({ account, device, family }: PhoneState, command: Command): string =>
  `?Cmd=${command}&User=${encodeURIComponent(account.address)}&DeviceId=${device}&DeviceType=${family.deviceType}`

/** [MS-ASHTTP] 2.2.1.1.1.1.2. */
const CODES: Readonly<Record<Command, number>> = {
  Sync: 0,
  SendMail: 1,
  FolderSync: 9,
  Settings: 17,
  Ping: 18,
  Provision: 20,
}
const ENGLISH = 0x0409

/** [MS-ASHTTP] 2.2.1.1.1.1.1: version, command, locale, device, policy key, type of device. */
const base64Query = ({ device, family, policyKey }: PhoneState, command: Command): string => {
  const key = Number(policyKey)
  const bytes = [
    Number(family.version) * 10,
    CODES[command],
    ...[ENGLISH & 0xff, ENGLISH >> 8],
    ...field(device),
    ...[4, key & 0xff, (key >>> 8) & 0xff, (key >>> 16) & 0xff, (key >>> 24) & 0xff],
    ...field(family.deviceType),
  ]
  return Buffer.from(bytes).toString('base64')
}

const field = (text: string): readonly number[] => [text.length, ...Buffer.from(text, 'latin1')]
