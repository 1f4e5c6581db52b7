import type { Address, Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import type { Reader, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { documentId } from './document-order.ts'
import { EFFORT, type Effort } from './effort.ts'
import { type MessageTexts, textsOf } from './texts.ts'

export type SearchDocument = {
  readonly item: number
  readonly placement: number
  readonly mailbox: string
  readonly received: number
  /** In hexadecimal. */
  readonly conversation: string
  readonly envelope: Envelope | undefined
  readonly attachments: readonly string[]
  readonly body: string
  /** Of the message, in bytes. */
  readonly size: number
  readonly isTextMessage?: boolean
}

const MAX_BODY = 256 * 1024

const addressText = (addresses: readonly Address[]): string =>
  addresses.map(({ name, address }) => `${name} ${address}`).join(' ')

const textsOfMessage = ({ envelope, attachments, body }: SearchDocument): MessageTexts => ({
  sender: addressText(envelope?.from ?? []),
  recipients: addressText([...(envelope?.to ?? []), ...(envelope?.cc ?? []), ...(envelope?.bcc ?? [])]),
  subject: envelope?.subject ?? '',
  attachments: attachments.join(' '),
  body: body.slice(0, MAX_BODY),
})

type Adding = { readonly key: AccountKey; readonly document: SearchDocument }

/** Adds those that aren't there already, in this order. What is asked and written for all of them goes together. */
export const addDocuments = async (
  writer: Writer,
  adding: readonly Adding[],
  { perVolume }: Pick<Effort, 'perVolume'> = EFFORT,
): Promise<void> => {
  const there = await Promise.all(adding.map(({ key, document }) => isThere(writer, key, document.item)))
  const items = adding.map(({ document }) => document.item)
  const missing = adding.filter(({ document }, at) => !there[at] && items.indexOf(document.item) === at)
  const ids = await freeIds(writer, missing)
  for (const [at, { key, document }] of missing.entries()) {
    await insert(writer, ids[at]!, { key, document })
    await textsOf(writer).add(writer, key, { doc: ids[at]!, texts: textsOfMessage(document), perVolume })
  }
}

/** For each the first id of its second that neither a document nor one before it has. */
const freeIds = async (writer: Writer, adding: readonly Adding[]): Promise<number[]> => {
  const first = adding.map(({ document: { received, item } }) => documentId(received, item, 0))
  const taken = await Promise.all(first.map((doc) => isTaken(writer, doc)))
  const given = new Set<number>()
  const ids: number[] = []
  for (const [at, { document }] of adding.entries()) {
    let doc = first[at]!
    for (let attempt = 1, used = taken[at]; used || given.has(doc); attempt++) {
      doc = documentId(document.received, document.item, attempt)
      used = await isTaken(writer, doc)
    }
    given.add(doc)
    ids.push(doc)
  }
  return ids
}

const isTaken = async (writer: Writer, doc: number): Promise<boolean> =>
  (await writer.get('SELECT 1 AS found FROM docs WHERE doc = ?', doc)) !== undefined

const isThere = async (writer: Writer, { tenant, account }: AccountKey, item: number): Promise<boolean> =>
  (await writer.get(
    'SELECT 1 AS found FROM docs WHERE tenant = ? AND account = ? AND item = ?',
    ...[tenant, account, item],
  )) !== undefined

const insert = (
  writer: Writer,
  doc: number,
  { key: { tenant, account }, document }: Adding,
): Promise<void> => {
  const { item, placement, mailbox, received, conversation, attachments, isTextMessage = false } = document
  const { importance, date } = document.envelope ?? {}
  return writer.write(
    `INSERT INTO docs (doc, item, tenant, account, placement, mailbox, received, conversation, with_attachment, text_message,
       importance, sent, size)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[doc, item, tenant, account, placement, mailbox, received],
    ...[conversation, attachments.length > 0 ? 1 : 0, isTextMessage ? 1 : 0],
    // A message that doesn't say when it was sent was sent when it came.
    ...[importance || 'normal', date || received, document.size],
  )
}

export const moveDocument = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  {
    placement,
    target,
    mailbox,
  }: { readonly placement: number; readonly target: number; readonly mailbox: string },
): Promise<void> => {
  await writer.run(
    'UPDATE docs SET placement = ?, mailbox = ? WHERE tenant = ? AND account = ? AND placement = ?',
    ...[target, mailbox, tenant, account, placement],
  )
}

export const removeDocument = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  placement: number,
): Promise<void> => {
  const doc = await writer.get<{ doc: number }>(
    'SELECT doc FROM docs WHERE tenant = ? AND account = ? AND placement = ?',
    ...[tenant, account, placement],
  )
  if (!doc) return
  await textsOf(writer).remove(writer, { tenant, account }, doc.doc)
  await writer.run('DELETE FROM docs WHERE doc = ?', doc.doc)
}

/** Whether an account keeps text messages at all: most don't. */
export const hasTextMessages = async (reader: Reader, { tenant, account }: AccountKey): Promise<boolean> =>
  (await reader.get(
    'SELECT 1 AS found FROM docs WHERE tenant = ? AND account = ? AND text_message = 1 LIMIT 1',
    ...[tenant, account],
  )) !== undefined

/** Takes away up to `limit` of an account's documents; answers with how many. */
export const removeAccount = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  limit: number,
): Promise<number> => {
  const docs = await writer.all<{ placement: number }>(
    'SELECT placement FROM docs WHERE tenant = ? AND account = ? ORDER BY placement LIMIT ?',
    ...[tenant, account, limit],
  )
  for (const { placement } of docs) await removeDocument(writer, { tenant, account }, placement)
  return docs.length
}

/** File names of a message's parts. */
export const attachmentNames = (part: Part | undefined): string[] =>
  part ? [...(part.filename === '' ? [] : [part.filename]), ...part.parts.flatMap(attachmentNames)] : []
