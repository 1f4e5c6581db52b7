import { randomUUID } from 'node:crypto'
import type { RequestLine } from '../http/request-line.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'

/** Commands whose body was the message itself, with everything else in the query, before it became a document. */
const composing: ReadonlyMap<string, TagName> = new Map([
  ['SendMail', 'composemail:SendMail'],
  ['SmartReply', 'composemail:SmartReply'],
  ['SmartForward', 'composemail:SmartForward'],
])

const DOCUMENT_SINCE: EasVersion = 140

/** Whether the command's body is the message as it is ([CMD 4813]). */
export const bodyIsMessage = (command: string, version: EasVersion): boolean =>
  version < DOCUMENT_SINCE && composing.has(command)

const HEADER_BYTES = 64 * 1024

/** A message that carries its id or its time is a repeat of the same message; one without either is never taken for one. */
const isRecognisable = (mime: Uint8Array): boolean => {
  const head = Buffer.from(mime.subarray(0, HEADER_BYTES)).toString('latin1')
  return /^(?:message-id|date):/im.test(head.split(/\r?\n\r?\n/, 1)[0] ?? '')
}

const ALL_ALIKE = 'raw'

const clientId = (mime: Uint8Array): string => (isRecognisable(mime) ? ALL_ALIKE : randomUUID())

const sourceOf = ({ collectionId, itemId, longId, occurrence }: RequestLine): WbxmlNode =>
  el('composemail:Source', [
    collectionId !== '' && el('composemail:FolderId', collectionId),
    itemId !== '' && el('composemail:ItemId', itemId),
    longId !== '' && el('composemail:LongId', longId),
    occurrence !== '' && el('composemail:InstanceId', occurrence),
  ])

/** A message of a client before 14.0 as the document that clients send since (MS-ASHTTP 2.2.1.1.1.2.5). */
export const messageDocument = (command: string, line: RequestLine, mime: Uint8Array): WbxmlNode =>
  el(composing.get(command) ?? 'composemail:SendMail', [
    el('composemail:ClientId', clientId(mime)),
    command !== 'SendMail' && sourceOf(line),
    line.saveInSent && el('composemail:SaveInSentItems'),
    el('composemail:Mime', mime),
  ])
