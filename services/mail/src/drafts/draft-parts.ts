import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { DraftAttachment, DraftContent } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { type AttachedPart, bodyOf, type TextSource } from '../mime/body-parts.ts'
import { writeText } from '../mime/compose/added-text.ts'
import type { MailSource } from '../mime/compose/compose.ts'
import { parameter, readFields } from '../mime/compose/entity-fields.ts'
import { attachedEntity } from '../mime/compose/originals.ts'
import { base64Bytes, bytesOf, type Entity, multipart, rawBytes } from '../mime/compose/pieces.ts'

/** How an attachment is called in its message: as the device says, or by the command that brought it. */
export const contentIdOf = ({ contentId }: DraftAttachment, digest: string, index: number): string =>
  /^[!-;=?-~]{1,200}$/.test(contentId)
    ? contentId
    : `${hash('sha256', digest, 'hex').slice(0, 24)}.${index}@draft`

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/

/** RFC 2046 5.2.1: a message isn't encoded, so bytes of one that can't stand as they are are a file. */
const typeOf = ({ type }: DraftAttachment): string =>
  MEDIA_TYPE.test(type) && !/^(?:multipart|message)\//i.test(type)
    ? type.toLowerCase()
    : 'application/octet-stream'

const safeName = (name: string): string => name.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 255)

/** A file that a device has sent, as an entity. */
const newEntity = (attachment: DraftAttachment, contentId: string): Entity => {
  const { data, inline, contentLocation } = attachment
  const name = safeName(attachment.name)
  const disposition = inline ? 'inline' : 'attachment'
  return {
    fields: [
      `Content-Type: ${typeOf(attachment)}; ${parameter('name', name)}\r\n`,
      `Content-Disposition: ${disposition}; ${parameter('filename', name)}\r\n`,
      `Content-ID: <${contentId}>\r\n`,
      ...(/^[!-~]{1,700}$/.test(contentLocation) ? [`Content-Location: ${contentLocation}\r\n`] : []),
      'Content-Transfer-Encoding: base64\r\n',
    ],
    body: base64Bytes((start, end) => data.subarray(start, end), 0, data.length),
  }
}

/** An entity of the stored draft as it stands. */
const keptEntity = async (part: Part, { read }: MailSource): Promise<Entity> => {
  const { content } = await readFields(read, part.headerStart, part.bodyStart)
  return { fields: content, body: rawBytes(read, part.bodyStart, part.bodyEnd) }
}

const keptTexts = (sources: readonly TextSource[], base: MailSource): Promise<Entity[]> =>
  Promise.all(sources.map(({ part }) => keptEntity(part, base)))

type Text = { readonly entities: readonly Entity[]; readonly isHtml: boolean }

/** The draft's text in the forms that it has. */
const textOfBase = async (base: MailSource, boundary: string): Promise<Text> => {
  const { plain, html } = bodyOf(base.structure)
  const isHtml = html.some((source) => source.html)
  const hasBoth = isHtml && plain.length > 0 && plain.some((source) => !html.includes(source))
  if (!hasBoth) return { entities: await keptTexts(isHtml ? html : plain, base), isHtml }
  const forms = [...(await keptTexts(plain, base)), ...(await keptTexts(html, base))]
  return { entities: [multipart('alternative', forms, `${boundary}a`)], isHtml }
}

const newText = (type: string, data: Uint8Array): Text => {
  const { fields, body } = writeText(type === 'html' ? 'html' : 'plain', Buffer.from(data).toString('utf8'))
  return { entities: [{ fields, body: bytesOf(body) }], isHtml: type === 'html' }
}

const NO_TEXT = new Uint8Array(0)

const textOf = async (
  { body }: DraftContent,
  base: MailSource | undefined,
  boundary: string,
): Promise<Text> => {
  if (body) return newText(body.type, body.data)
  const text = base && (await textOfBase(base, boundary))
  return text && text.entities.length > 0 ? text : newText('plain', NO_TEXT)
}

type Attached = { readonly entity: Entity; readonly inline: boolean }

const isNamed = ({ part }: AttachedPart, reference: string): boolean =>
  reference === part.id || (part.contentId !== '' && reference === `cid:${part.contentId}`)

const keptAttachments = async (
  { detached }: DraftContent,
  base: MailSource | undefined,
): Promise<readonly Attached[]> => {
  if (!base) return []
  const kept = bodyOf(base.structure).attachments.filter(
    (one) => !detached.some((reference) => isNamed(one, reference)),
  )
  return Promise.all(
    kept.map(async (one) => ({ entity: await attachedEntity(one, base.read), inline: one.inline })),
  )
}

export type DraftParts = {
  readonly content: DraftContent
  /** The draft as it is stored; undefined: it is new. */
  readonly base: MailSource | undefined
  /** Of the command: names for what it attaches. */
  readonly digest: string
  /** Letters and digits that nobody can guess. */
  readonly boundary: string
}

/** All of a draft below its header: text, the images that it shows (RFC 2387), files. */
export const draftEntity = async ({ content, base, digest, boundary }: DraftParts): Promise<Entity> => {
  const { entities, isHtml } = await textOf(content, base, boundary)
  const added = content.attached.map((one, n) => ({
    entity: newEntity(one, contentIdOf(one, digest, n)),
    inline: one.inline,
  }))
  const attached = [...(await keptAttachments(content, base)), ...added]
  const isShown = ({ inline }: Attached) => inline && isHtml && entities.length === 1
  const shown = attached.filter(isShown).map(({ entity }) => entity)
  const files = attached.filter((one) => !isShown(one)).map(({ entity }) => entity)
  const text = shown.length === 0 ? entities : [multipart('related', [...entities, ...shown], `${boundary}r`)]
  const all = [...text, ...files]
  return all.length === 1 ? all[0]! : multipart('mixed', all, boundary)
}
