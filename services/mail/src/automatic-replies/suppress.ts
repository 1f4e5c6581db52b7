import { isOwnAddress, type MailAccount } from '../accounts/account.ts'
import { parseAddresses } from '../mime/address-list.ts'
import { type HeaderField, valuesOf } from '../submission/header.ts'

/** Senders that are programs: RFC 3834 §2, RFC 5230 §4.6, and what programs call themselves. */
const MACHINE =
  /^(?:mailer-daemon|postmaster|listserv|majordomo|lists?erver|bounces?|(?:no|do-?not)[-_.]?reply|(?:no|do-?not)[-_.]?reply[-_.+=].*|nobody|owner-.*|.*-(?:request|owner|bounces?|relay|noreply)|bounces?[-+=].*|.*[-_.](?:no|do-?not)[-_.]?reply)$/i

export const isMachine = (address: string): boolean =>
  MACHINE.test(address.slice(0, Math.max(0, address.lastIndexOf('@'))).replace(/\+.*$/, '')) ||
  MACHINE.test(address.slice(0, Math.max(0, address.lastIndexOf('@'))))

const first = (fields: readonly HeaderField[], name: string): string =>
  (valuesOf(fields, name)[0] ?? '').trim().toLowerCase()

/** RFC 3834 §5: everything but "no", which may have a comment. */
const isAutomatic = (fields: readonly HeaderField[]): boolean =>
  valuesOf(fields, 'auto-submitted').some((value) => !/^\s*no\s*(?:[;(]|$)/i.test(value))

/** RFC 2369, RFC 2919, RFC 8058. */
const isFromList = (fields: readonly HeaderField[]): boolean =>
  fields.some(({ name }) =>
    /^list-(?:id|help|subscribe|unsubscribe|unsubscribe-post|post|owner|archive)$/.test(name),
  )

const isBulk = (fields: readonly HeaderField[]): boolean =>
  /^(?:bulk|list|junk)\b/.test(first(fields, 'precedence')) || first(fields, 'x-spam-flag') === 'yes'

/** Exchange's word for what must not be answered, and what other programs put in that answer by themselves. */
const asksForSilence = (fields: readonly HeaderField[]): boolean =>
  /\b(?:all|oof|autoreply)\b/.test(first(fields, 'x-auto-response-suppress')) ||
  fields.some(({ name }) => /^x-auto(?:reply|respond|response)(?:-from)?$|^x-loop$/.test(name))

/** Notices of delivery and of reading (RFC 6522). */
const isReport = (fields: readonly HeaderField[]): boolean =>
  /^(?:multipart\/report|message\/(?:delivery-status|disposition-notification|feedback-report))\b/.test(
    first(fields, 'content-type'),
  )

const ADDRESSED = ['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc']
const MAX_ADDRESSEES = 1000

/** The own address that a message names, without its detail; RFC 5230 §4.5: mail that names none isn't answered. */
export const addressedAs = (
  fields: readonly HeaderField[],
  account: Pick<MailAccount, 'addresses'>,
): string | undefined => {
  for (const value of ADDRESSED.flatMap((name) => valuesOf(fields, name)))
    for (const { address } of parseAddresses(Buffer.from(value, 'latin1').toString('utf8'), MAX_ADDRESSEES))
      if (isOwnAddress(account, address))
        return account.addresses.find((own) => isOwnAddress({ addresses: [own] }, address))
  return undefined
}

export type Letter = {
  readonly fields: readonly HeaderField[]
  readonly sender: string
  readonly account: Pick<MailAccount, 'addresses'>
}

/** Why a message is never answered automatically; undefined: it may be. RFC 3834 §2, RFC 5230 §4.5 and §4.6. */
export const suppressedBy = ({ fields, sender, account }: Letter): string | undefined => {
  if (sender === '') return 'null sender'
  if (isOwnAddress(account, sender)) return 'own address'
  if (isMachine(sender)) return 'sender is a program'
  if (isAutomatic(fields)) return 'Auto-Submitted'
  if (isFromList(fields)) return 'list'
  if (isBulk(fields)) return 'bulk'
  if (asksForSilence(fields)) return 'asks for silence'
  if (isReport(fields)) return 'report'
  return addressedAs(fields, account) === undefined ? 'not addressed' : undefined
}
