import type { Message } from '@relais/proto/mail/v1/mail.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { el, type StreamedContent, type WbxmlNode } from '../wbxml/node.ts'
import { addressList, displayList } from './addresses.ts'
import { dateTime } from './dates.ts'
import { attachmentsElement, bodyElement, bodyOf, bodyPartElement, typeCode } from './email-body.ts'
import { flagElement } from './email-flag.ts'

type Element = WbxmlNode | undefined | false

/**
 * MS-ASEMAIL 2.2.2.49 by what the message is. Without a calendar an invitation is a message with its attachment:
 * a Schedule class would promise a MeetingRequest.
 */
const messageClasses: Readonly<Record<string, string>> = {
  smime: 'IPM.Note.SMIME',
  'smime-signed': 'IPM.Note.SMIME.MultipartSigned',
  report: 'REPORT.IPM.Note.NDR',
  receipt: 'REPORT.IPM.Note.IPNRN',
  sms: 'IPM.Note.Mobile.SMS',
}

const importances: Readonly<Record<string, number>> = { low: 0, normal: 1, high: 2 }

const UTF8_CODE_PAGE = 65_001

/** "Re: AW: Fwd: x" → "x" (RFC 5256 2.1, in the languages of our clients). */
export const threadTopic = (subject: string): string =>
  subject.replace(/^(?:\s*(?:re|aw|fwd?|wg|tr|rv|sv|r|i)(?:\[\d+\])?:)+\s*/i, '')

const addressed = ({ envelope }: Message): readonly Element[] => {
  if (!envelope) return []
  return [
    envelope.to.length > 0 && el('email:To', addressList(envelope.to)),
    envelope.cc.length > 0 && el('email:Cc', addressList(envelope.cc)),
    envelope.from.length > 0 && el('email:From', addressList(envelope.from)),
    el('email:Subject', envelope.subject),
    envelope.replyTo.length > 0 && el('email:ReplyTo', addressList(envelope.replyTo)),
  ]
}

/** Importance is always there: Android 2.2 takes its absence for low. */
const described = ({ envelope, receivedAt, state }: Message): readonly Element[] => [
  el('email:DateReceived', dateTime(receivedAt)),
  envelope !== undefined && envelope.to.length > 0 && el('email:DisplayTo', displayList(envelope.to)),
  el('email:ThreadTopic', threadTopic(envelope?.subject ?? '')),
  el('email:Importance', importances[envelope?.importance ?? ''] ?? 1),
  readElement(state?.seen ?? false),
]

const readElement = (seen: boolean): WbxmlNode => el('email:Read', seen)

const categoriesElement = (categories: readonly string[]): WbxmlNode =>
  el(
    'email:Categories',
    categories.slice(0, 300).map((category) => el('email:Category', category)),
  )

/** Time in the 5 bytes that head a ConversationIndex: the upper part of a FILETIME (MS-ASEMAIL 2.2.2.23). */
const conversationIndex = (at: number): Uint8Array => {
  const fileTime = (BigInt(at) + 11_644_473_600_000n) * 10_000n
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(fileTime)
  return bytes.subarray(1, 6)
}

const conversation = ({ conversation, envelope, receivedAt, state }: Message): readonly Element[] => [
  conversation.length > 0 && el('email2:ConversationId', conversation),
  conversation.length > 0 && el('email2:ConversationIndex', conversationIndex(envelope?.date || receivedAt)),
  ...(state && state.lastVerb > 0
    ? [
        el('email2:LastVerbExecuted', state.lastVerb),
        el('email2:LastVerbExecutionTime', dateTime(state.lastVerbAt)),
      ]
    : []),
]

const sender = ({ envelope }: Message): Element =>
  envelope !== undefined && envelope.sender.length > 0 && el('email2:Sender', addressList(envelope.sender))

const DRAFTS_SINCE: EasVersion = 160

const drafts = ({ envelope, state }: Message, version: EasVersion): readonly Element[] => {
  if (version < DRAFTS_SINCE) return []
  return [
    envelope !== undefined && envelope.bcc.length > 0 && el('email2:Bcc', addressList(envelope.bcc, 1024)),
    el('email2:IsDraft', state?.draft ?? false),
  ]
}

export type EmailOptions = {
  readonly version: EasVersion
  /** Multipart answers: the part that Data goes into. */
  readonly bodyPart?: number
  /** Data that is read while it is sent. */
  readonly streamedOf?: (message: Message) => StreamedBodies
}

export type StreamedBodies = {
  readonly body?: StreamedContent
  readonly bodyPart?: StreamedContent
}

/** A whole message as children of ApplicationData or Properties (MS-ASEMAIL 2.2.1). */
export const emailElements = (
  message: Message,
  { version, bodyPart: part, streamedOf }: EmailOptions,
): readonly WbxmlNode[] => {
  const body = bodyOf(message)
  const streamed = streamedOf?.(message)
  const elements: readonly Element[] = [
    ...addressed(message),
    ...described(message),
    attachmentsElement(message),
    body && bodyElement(body, { part, streamed: streamed?.body }),
    message.bodyPart && bodyPartElement(message.bodyPart, streamed?.bodyPart),
    el('email:MessageClass', messageClasses[message.kind] ?? 'IPM.Note'),
    el('email:InternetCPID', UTF8_CODE_PAGE),
    flagElement(message.state?.flag),
    el('email:ContentClass', 'urn:content-classes:message'),
    categoriesElement(message.state?.categories ?? []),
    el('airsyncbase:NativeBodyType', typeCode(message.nativeBody)),
    ...conversation(message),
    sender(message),
    ...drafts(message, version),
  ]
  return elements.filter((element) => element !== undefined && element !== false)
}

const partial: Readonly<Record<string, (message: Message) => WbxmlNode>> = {
  read: ({ state }) => readElement(state?.seen ?? false),
  flag: ({ state }) => flagElement(state?.flag),
  categories: ({ state }) => categoriesElement(state?.categories ?? []),
}

/**
 * What a Change carries: only the properties that changed where these are read mark, flag and categories, else everything
 * ([MAIL 74] to [MAIL 104]). `changed` names read, flag, categories, content.
 */
export const emailChangeElements = (
  message: Message,
  changed: readonly string[],
  options: EmailOptions,
): readonly WbxmlNode[] => {
  const makers = changed.map((group) => partial[group])
  if (changed.length === 0 || makers.includes(undefined)) return emailElements(message, options)
  return makers.flatMap((make) => (make ? [make(message)] : []))
}
