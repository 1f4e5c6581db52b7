import { domainToASCII } from 'node:url'
import { terminal } from '@relais/service-kit/errors.ts'
import { foldAddress, isOwnAddress, type MailAccount } from '../accounts/account.ts'
import { parseAddresses } from '../mime/address-list.ts'
import { encodedWords } from './encoded-words.ts'
import { type HeaderField, hasField, hasHidden, newField, valuesOf, withoutHidden } from './header.ts'

export type Envelope = {
  /** '': taken from the fields. */
  readonly sender: string
  /** Empty: taken from the fields. */
  readonly recipients: readonly string[]
}

export type Preparation = {
  readonly account: MailAccount
  readonly envelope: Envelope
  /** Milliseconds since 1970. */
  readonly now: number
  /** For a Message-ID, where the message has none. */
  readonly newId: string
  readonly maxRecipients: number
}

export type Prepared = {
  readonly sender: string
  readonly recipients: readonly string[]
  /** How many of them everybody sees: To and Cc. */
  readonly addressees: number
  /** With its angle brackets. */
  readonly messageId: string
  /** What is sent: without Bcc. */
  readonly sent: readonly HeaderField[]
  /** What the owner keeps: with Bcc. The same array where there was none. */
  readonly saved: readonly HeaderField[]
}

/**
 * What a submission server does to a header (RFC 6409 section 8): completes From, Date and Message-ID, hides Bcc; and who it goes to.
 * Errors: SENDER_NOT_ALLOWED, NO_RECIPIENTS, TOO_MANY_RECIPIENTS, RECIPIENT_INVALID.
 */
export const prepareSubmission = (fields: readonly HeaderField[], preparation: Preparation): Prepared => {
  requireOwnSender(fields, preparation)
  const saved = complete(fields, preparation)
  return {
    sender: preparation.envelope.sender || senderOf(saved),
    recipients: recipientsOf(fields, preparation),
    addressees: ['to', 'cc'].flatMap((name) => addressesIn(fields, name, preparation.maxRecipients)).length,
    messageId: messageIdOf(saved),
    saved,
    sent: hasHidden(saved) ? withoutHidden(saved) : saved,
  }
}

const MAX_AUTHORS = 100

const addressesIn = (fields: readonly HeaderField[], name: string, limit: number): string[] =>
  valuesOf(fields, name).flatMap((value) =>
    parseAddresses(Buffer.from(value, 'latin1').toString('utf8'), limit)
      .map(({ address }) => address)
      .filter((address) => address !== ''),
  )

const requireOwnSender = (fields: readonly HeaderField[], { account, envelope }: Preparation) => {
  const authors = [
    ...addressesIn(fields, 'from', MAX_AUTHORS),
    ...addressesIn(fields, 'sender', MAX_AUTHORS),
    ...(envelope.sender === '' ? [] : [envelope.sender]),
  ]
  const foreign = authors.some((address) => !isOwnAddress(account, address))
  // Fields that name nobody ("From: Mike") would reach recipients as they are.
  const nameless = hasField(fields, 'from') && addressesIn(fields, 'from', 1).length === 0
  if (foreign || nameless || account.addresses.length === 0) {
    throw terminal('SENDER_NOT_ALLOWED', "the sender isn't one of the account's own addresses")
  }
}

const complete = (fields: readonly HeaderField[], { account, now, newId }: Preparation) => {
  const added: HeaderField[] = []
  if (!hasField(fields, 'from')) added.push(newField('From', mailboxText(account)))
  if (!hasField(fields, 'date')) added.push(newField('Date', dateText(now)))
  if (!hasField(fields, 'message-id')) added.push(newField('Message-ID', `<${newId}@${domainOf(account)}>`))
  const names = new Set(added.map(({ name }) => name))
  return added.length === 0 ? fields : [...added, ...fields.filter(({ name }) => !names.has(name))]
}

const domainOf = ({ addresses }: MailAccount) =>
  domainToASCII(addresses[0]!.slice(addresses[0]!.lastIndexOf('@') + 1))

/** RFC 5322 section 3.4; a name that isn't ASCII as an encoded word (RFC 2047). */
export const mailboxText = ({
  displayName,
  addresses,
}: Pick<MailAccount, 'displayName' | 'addresses'>): string => {
  const address = latin1(addresses[0]!)
  const name = displayName.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').trim()
  if (name === '') return `<${address}>`
  if (/^[\x20-\x7e]+$/.test(name)) return `"${name.replace(/["\\]/g, '\\$&')}" <${address}>`
  return `${encodedWords(name)} <${address}>`
}

/** UTF-8 as the header carries it: one character for one byte. */
const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

/** RFC 5322 section 3.3. */
export const dateText = (at: number): string => new Date(at).toUTCString().replace(/GMT$/, '+0000')

const senderOf = (fields: readonly HeaderField[]): string =>
  addressesIn(fields, 'sender', 1)[0] ?? addressesIn(fields, 'from', 1)[0]!

const messageIdOf = (fields: readonly HeaderField[]): string =>
  (valuesOf(fields, 'message-id')[0] ?? '').slice(0, 998)

const recipientsOf = (fields: readonly HeaderField[], { envelope, maxRecipients }: Preparation) => {
  const named =
    envelope.recipients.length > 0
      ? envelope.recipients
      : ['to', 'cc', 'bcc'].flatMap((name) => addressesIn(fields, name, maxRecipients + 1))
  const recipients = [...new Map(named.map((address) => [foldAddress(address), address])).values()]
  if (recipients.length === 0) throw terminal('NO_RECIPIENTS', 'the message has no recipient')
  if (recipients.length > maxRecipients) {
    throw terminal('TOO_MANY_RECIPIENTS', `a message has at most ${maxRecipients} recipients`)
  }
  const broken = recipients.find((address) => !isAddress(address))
  if (broken !== undefined) throw terminal('RECIPIENT_INVALID', "a recipient isn't an address")
  return recipients
}

/** Something before and after the last @, short enough for SMTP (RFC 5321 section 4.5.3.1), nothing that ends a command. */
export const isAddress = (address: string): boolean =>
  /^[^\p{Cc}\s<>]{1,64}@[^\p{Cc}\s<>@]{1,255}$/u.test(address) && address.isWellFormed()
