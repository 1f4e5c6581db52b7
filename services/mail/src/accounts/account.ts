import { domainToUnicode } from 'node:url'

/** What mail needs to know of an account; the directory's facts. */
export type MailAccount = {
  readonly tenant: string
  readonly account: string
  /** All addresses that are the account's own, folded for comparison; the primary one first. */
  readonly addresses: readonly string[]
  readonly displayName: string
  readonly locale: string
  /** IANA. */
  readonly timeZone: string
  /** 0: no limit. */
  readonly quotaBytes: number
  /** False: nothing is delivered, and nothing sent (suspended, or its tenant is). */
  readonly active: boolean
}

/** An address for comparison: without regard to case, as the directory's names are, its domain in Unicode form. */
export const foldAddress = (address: string): string => {
  const folded = address.normalize('NFC').trim().toLowerCase()
  const at = folded.lastIndexOf('@')
  if (at < 0 || !folded.includes('xn--', at)) return folded
  return `${folded.slice(0, at)}@${domainToUnicode(folded.slice(at + 1)) || folded.slice(at + 1)}`
}

/** True for the account's addresses and their sub-addresses (RFC 5233: mike+lists@ox.io). */
export const isOwnAddress = ({ addresses }: Pick<MailAccount, 'addresses'>, address: string): boolean => {
  const folded = foldAddress(address)
  return addresses.includes(folded) || addresses.includes(withoutDetail(folded))
}

const withoutDetail = (address: string): string => {
  const at = address.lastIndexOf('@')
  const plus = address.indexOf('+')
  return plus > 0 && plus < at ? address.slice(0, plus) + address.slice(at) : address
}
