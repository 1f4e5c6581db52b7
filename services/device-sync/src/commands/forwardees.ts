import type { TagName } from '../wbxml/code-pages.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { boolChild, child, childrenNamed, has, intChild, textChild } from '../wbxml/read.ts'
import type { CommandContext } from './command.ts'
import { type ComposeDeps, type Composed, readClientId } from './compose.ts'
import { StatusError } from './status-error.ts'

const ITEM_NOT_FOUND = 150
const MIME_WITH_BODY = 178
const INVALID_FORWARD = 179

/** What a message of one's own has, and a forward by Forwardees hasn't. */
const OWN_MESSAGE: readonly TagName[] = [
  'composemail:Mime',
  'composemail:ReplaceMime',
  'rightsmanagement:TemplateID',
]

/** Whether the server is to write the message (16.0 on). Errors: Status 178 where the client has written one as well. */
export const hasForwardees = (body: WbxmlNode): boolean => {
  const named = has(body, 'composemail:Forwardees') || has(body, 'airsyncbase:Body')
  if (named && OWN_MESSAGE.some((tag) => has(body, tag)))
    throw new StatusError(MIME_WITH_BODY, 'Forwardees or Body with a message of its own')
  return named
}

type Forwardee = { readonly name: string; readonly email: string }

const MAX_FORWARDEES = 500
/** Something before and after an @, nothing that ends a field or an address. */
const EMAIL = /^[^\p{Cc}\s<>,;"@]{1,64}@[^\p{Cc}\s<>,;"@]{1,255}$/u

const forwardeeOf = (node: WbxmlNode): Forwardee => {
  const email = (textChild(node, 'composemail:Email', { max: 320 }) ?? '').trim()
  const name = textChild(node, 'composemail:Name', { max: 256 }) ?? ''
  if (!EMAIL.test(email)) throw new StatusError(INVALID_FORWARD, 'a forwardee has no address')
  return { name: name.replace(/\p{Cc}/gu, ' ').trim(), email }
}

const forwardeesIn = (body: WbxmlNode): readonly Forwardee[] => {
  const list = child(body, 'composemail:Forwardees')
  const forwardees = list ? childrenNamed(list, 'composemail:Forwardee') : []
  if (forwardees.length === 0 || forwardees.length > MAX_FORWARDEES)
    throw new StatusError(INVALID_FORWARD, 'a forward names whom it goes to')
  return forwardees.map(forwardeeOf)
}

/** RFC 2047: words of at most 75 characters, none of which ends inside a character. */
const encoded = (text: string): string => {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const points = [...text.toWellFormed()]
  const words = Array.from({ length: Math.ceil(points.length / 10) }, (_, n) =>
    Buffer.from(points.slice(10 * n, 10 * n + 10).join('')).toString('base64'),
  )
  return words.map((word) => `=?utf-8?B?${word}?=`).join('\r\n ')
}

const mailbox = ({ name, email }: Forwardee): string => {
  if (name === '') return email
  const phrase = /^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encoded(name)
  return `${phrase} <${email}>`
}

const HTML = 2
const MAX_TEXT = 1024 * 1024

/** Type and Data of a Body (MS-ASAIRS 2.2.2.9). */
const textIn = (body: WbxmlNode): { readonly subtype: string; readonly text: string } => {
  const node = child(body, 'airsyncbase:Body')
  const type = intChild(node, 'airsyncbase:Type', { min: 1, max: 4 }) ?? 1
  if (type > HTML) throw new StatusError(INVALID_FORWARD, 'the text of a forward is plain or HTML')
  const text = textChild(node, 'airsyncbase:Data', { max: MAX_TEXT }) ?? ''
  return { subtype: type === HTML ? 'html' : 'plain', text: text.replace(/\r\n?|\n/g, '\r\n') }
}

const SUBJECT = 255

const messageOf = (body: WbxmlNode, subject: string): Buffer => {
  const { subtype, text } = textIn(body)
  const data = Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')
  const about = `Fwd: ${subject.replace(/\p{Cc}+/gu, ' ').slice(0, SUBJECT)}`
  return Buffer.from(
    [
      `To: ${forwardeesIn(body).map(mailbox).join(',\r\n ')}`,
      `Subject: ${encoded(about)}`,
      'MIME-Version: 1.0',
      `Content-Type: text/${subtype}; charset=utf-8`,
      'Content-Transfer-Encoding: base64',
      '',
      data,
      '',
    ].join('\r\n'),
  )
}

/**
 * A forward that names whom it goes to, and leaves the message to the server (MS-ASCMD 2.2.3.78): what was said, above the original.
 * Errors: INVALID_VALUE, Status 150 (the original is gone), 179 (nobody to forward to, or no text).
 */
export const composeForward = async (
  { mail }: ComposeDeps,
  { user: { tenant, account }, call }: CommandContext,
  { body, placement }: { readonly body: WbxmlNode; readonly placement: number },
): Promise<Composed> => {
  const clientId = readClientId(body)
  forwardeesIn(body)
  const { messages } = await mail.getMessages({ tenant, account, placements: [placement] }, call)
  const [original] = messages
  if (!original) throw new StatusError(ITEM_NOT_FOUND, 'the message is gone')
  return {
    clientId,
    saveInSent: boolChild(body, 'composemail:SaveInSentItems') ?? true,
    mime: messageOf(body, original.envelope?.subject ?? ''),
  }
}
