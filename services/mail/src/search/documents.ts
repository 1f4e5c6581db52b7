import type { Address, Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import type { Reader, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { documentId } from './document-order.ts'
import { textsOf } from './texts.ts'

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
  readonly isTextMessage?: boolean
}

const MAX_BODY = 256 * 1024

const addressText = (addresses: readonly Address[]): string =>
  addresses.map(({ name, address }) => `${name} ${address}`).join(' ')

/** Does nothing where it is there already. */
export const addDocument = async (
  writer: Writer,
  key: AccountKey,
  document: SearchDocument,
): Promise<void> => {
  if (await isThere(writer, key, document.item)) return
  const doc = await insert(writer, key, document)
  const { envelope, attachments, body } = document
  await textsOf(writer).add(writer, key, doc, {
    sender: addressText(envelope?.from ?? []),
    recipients: addressText([...(envelope?.to ?? []), ...(envelope?.cc ?? []), ...(envelope?.bcc ?? [])]),
    subject: envelope?.subject ?? '',
    attachments: attachments.join(' '),
    body: body.slice(0, MAX_BODY),
  })
}

const isThere = async (writer: Writer, { tenant, account }: AccountKey, item: number): Promise<boolean> =>
  (await writer.get(
    'SELECT 1 AS found FROM docs WHERE tenant = ? AND account = ? AND item = ?',
    ...[tenant, account, item],
  )) !== undefined

/** Under the first id of its second that is free. */
const insert = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  { item, placement, mailbox, received, conversation, attachments, isTextMessage = false }: SearchDocument,
): Promise<number> => {
  for (let attempt = 0; ; attempt++) {
    const doc = documentId(received, item, attempt)
    const added = await writer.run(
      `INSERT INTO docs (doc, item, tenant, account, placement, mailbox, received, conversation, with_attachment, text_message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (doc) DO NOTHING`,
      ...[doc, item, tenant, account, placement, mailbox, received],
      ...[conversation, attachments.length > 0 ? 1 : 0, isTextMessage ? 1 : 0],
    )
    if (added > 0) return doc
  }
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
  await textsOf(writer).remove(writer, doc.doc)
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
