import type { Address } from '@relais/proto/mail/v1/message.ts'

/** The schemas' bound of To and From. */
export const MAX_LIST = 32_768

const quoted = (name: string): string => `"${name.replaceAll(/["\\]/g, '\\$&')}"`

const mailbox = ({ name, address }: Address): string =>
  name === '' ? address : `${quoted(name)} <${address}>`

/** Joins what fits: a list is cut between its members, never within one. */
const joined = (members: readonly string[], separator: string, max: number): string => {
  let list = ''
  for (const member of members) {
    const longer = list === '' ? member : `${list}${separator}${member}`
    if (longer.length > max) break
    list = longer
  }
  return list
}

/** `"Name" <a@b>, c@d` (RFC 5322 address-list with decoded names, as MS-ASEMAIL has it). */
export const addressList = (addresses: readonly Address[], max = MAX_LIST): string =>
  joined(addresses.map(mailbox), ', ', max)

/** Names to show, joined by semicolons. */
export const displayList = (addresses: readonly Address[]): string =>
  joined(
    addresses.map(({ name, address }) => name || address),
    '; ',
    1024,
  )
