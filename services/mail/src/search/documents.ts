import type { Address, Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import type { Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { textsOf } from './texts.ts'

export type SearchDocument = {
  readonly item: number
  readonly placement: number
  readonly mailbox: string
  readonly received: number
  readonly envelope: Envelope | undefined
  readonly attachments: readonly string[]
  readonly body: string
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
  const { item, placement, mailbox, received, envelope, attachments, body } = document
  const added = await writer.run(
    `INSERT INTO docs (item, tenant, account, placement, mailbox, received, with_attachment)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[item, key.tenant, key.account, placement, mailbox, received, attachments.length > 0 ? 1 : 0],
  )
  if (added === 0) return
  await textsOf(writer).add(writer, key, item, {
    sender: addressText(envelope?.from ?? []),
    recipients: addressText([...(envelope?.to ?? []), ...(envelope?.cc ?? []), ...(envelope?.bcc ?? [])]),
    subject: envelope?.subject ?? '',
    attachments: attachments.join(' '),
    body: body.slice(0, MAX_BODY),
  })
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
  const doc = await writer.get<{ item: number }>(
    'SELECT item FROM docs WHERE tenant = ? AND account = ? AND placement = ?',
    ...[tenant, account, placement],
  )
  if (!doc) return
  await textsOf(writer).remove(writer, doc.item)
  await writer.run('DELETE FROM docs WHERE item = ?', doc.item)
}

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
