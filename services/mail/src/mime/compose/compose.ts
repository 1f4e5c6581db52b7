import { Buffer } from 'node:buffer'
import type { Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import { type AttachedPart, bodyOf, type TextSource } from '../body-parts.ts'
import { asBuffer } from '../bytes.ts'
import { kindOf } from '../kind.ts'
import type { ReadBytes } from '../open-part.ts'
import { renderText } from '../render-text.ts'
import { type Replacement, targetsOf, withAddedText, writeText } from './added-text.ts'
import { hasField, readFields } from './entity-fields.ts'
import { attachedEntity, embedded, isWhole } from './originals.ts'
import { bytesOf, type Entity, entityPieces, multipart, type Pieces, rawBytes } from './pieces.ts'
import { type Quoting, quotedHtml, quotedPlain } from './quote.ts'

/** A stored message: what its parse told, and its bytes. */
export type MailSource = {
  readonly envelope: Envelope
  readonly structure: Part
  readonly read: ReadBytes
}

export type Composition = {
  readonly verb: 'reply' | 'forward'
  /** What the phone sent: its text, and perhaps attachments. */
  readonly written: MailSource
  readonly original: MailSource
  /** Language (BCP 47) and IANA zone of the header block above the original's text. */
  readonly locale: string
  readonly timeZone: string
  /** For new multiparts: letters and digits that nobody can guess, 16 to 40 of them. */
  readonly boundary: string
}

/** Of the original's text no more than this is quoted; all of it is in the sender's mailbox. */
const MAX_QUOTED = 1024 * 1024

const originalText = async ({ original }: Composition, html: boolean): Promise<string> => {
  const body = bodyOf(original.structure)
  const text = await renderText({
    body,
    format: html ? 'html' : 'plain',
    read: original.read,
    wanted: MAX_QUOTED,
  })
  return asBuffer(text.bytes).toString() + (text.complete ? '' : '\r\n[…]')
}

const quoted = async (composition: Composition, html: boolean): Promise<string> => {
  const { verb, original, locale, timeZone } = composition
  const quoting: Quoting = { verb, envelope: original.envelope, locale, timeZone }
  const text = await originalText(composition, html)
  return html ? quotedHtml(quoting, text) : quotedPlain(quoting, text)
}

const replacementsFor = (composition: Composition, targets: readonly TextSource[]): Promise<Replacement[]> =>
  Promise.all(
    targets.map(async (target) =>
      withAddedText(target, composition.written.read, await quoted(composition, target.html)),
    ),
  )

/** The body of the message's root with some of its parts in their new form. */
async function* splicedBody({ structure, read }: MailSource, replacements: readonly Replacement[]): Pieces {
  let at = structure.bodyStart
  for (const { part, fields, body } of replacements) {
    yield* rawBytes(read, at, part.headerStart)
    yield* entityPieces({ fields, body: bytesOf(body) })
    at = part.bodyEnd
  }
  yield* rawBytes(read, at, structure.bodyEnd)
}

/** What the phone wrote, as an entity of its own. */
const writtenEntity = (
  source: MailSource,
  content: readonly string[],
  replacements: readonly Replacement[],
): Entity => {
  const root = replacements.find(({ part }) => part === source.structure)
  if (root) return { fields: root.fields, body: bytesOf(root.body) }
  const ordered = [...replacements].sort((one, other) => one.part.headerStart - other.part.headerStart)
  return { fields: content, body: splicedBody(source, ordered) }
}

/** RFC 5322 §3.6.4: the parent's References and Message-ID. Phones often send neither. */
const threadFields = (
  message: readonly string[],
  { messageId, references, inReplyTo }: Envelope,
): string[] => {
  if (messageId === '') return []
  const parents = references.length > 0 ? references : inReplyTo === '' ? [] : [inReplyTo]
  const ids = [...parents.slice(0, 1), ...parents.slice(1).slice(-30), messageId]
  const fields = [
    ['In-Reply-To', messageId],
    ['References', ids.join('\r\n ')],
  ]
  const missing = fields.filter(([name]) => !hasField(message, name as string))
  return missing.map(([name, value]) => Buffer.from(`${name}: ${value}\r\n`).toString('latin1'))
}

const messageFields = (message: readonly string[], original: Envelope): string[] => [
  ...message,
  ...threadFields(message, original),
  ...(hasField(message, 'mime-version') ? [] : ['MIME-Version: 1.0\r\n']),
]

const entities = (parts: readonly AttachedPart[], read: ReadBytes): Promise<Entity[]> =>
  Promise.all(parts.map((part) => attachedEntity(part, read)))

/** A text, and with it the images of the original that its HTML shows (RFC 2387). */
const withImages = async (
  { original, boundary }: Composition,
  text: Entity,
  images: readonly AttachedPart[],
): Promise<Entity> =>
  images.length === 0
    ? text
    : multipart('related', [text, ...(await entities(images, original.read))], `${boundary}r`)

const imagesOf = ({ structure }: MailSource): readonly AttachedPart[] =>
  bodyOf(structure).attachments.filter(({ inline }) => inline)

/** The images that the original's text shows, as far as it is quoted and the phone hasn't sent them itself. */
const quotedImages = async (composition: Composition): Promise<readonly AttachedPart[]> => {
  const images = imagesOf(composition.original)
  if (images.length === 0) return []
  const html = await originalText(composition, true)
  const shown = new Set(Array.from(html.matchAll(CONTENT_URL), ([, id]) => decodedId(id ?? '')))
  const own = new Set(bodyOf(composition.written.structure).attachments.map(({ part }) => part.contentId))
  return images.filter(({ part }) => shown.has(part.contentId) && !own.has(part.contentId))
}

/** RFC 2392: the id is percent-encoded in the URL. */
const CONTENT_URL = /\bcid:([^"'\s<>)]{1,998})/gi

const decodedId = (id: string): string => {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

const replyParts = async (
  composition: Composition,
  { parts, hasHtml }: { readonly parts: readonly Entity[]; readonly hasHtml: boolean },
): Promise<readonly Entity[]> => {
  const [text, ...others] = parts
  if (!hasHtml || !text) return parts
  return [await withImages(composition, text, await quotedImages(composition)), ...others]
}

const forwardParts = async (composition: Composition, text: Entity, hasHtml: boolean): Promise<Entity[]> => {
  const { structure, envelope, read } = composition.original
  if (isWhole(structure)) return [text, embedded(structure, envelope.subject, read)]
  const others = bodyOf(structure).attachments.filter(({ inline }) => !(inline && hasHtml))
  const images = hasHtml ? imagesOf(composition.original) : []
  return [await withImages(composition, text, images), ...(await entities(others, read))]
}

/** The phone's entity with the original's text in it, or after it where there is no text to add to. */
const textParts = async (
  composition: Composition,
  content: readonly string[],
): Promise<{ parts: Entity[]; hasHtml: boolean }> => {
  const { written, original, verb } = composition
  if (verb === 'forward' && isWhole(original.structure))
    return { parts: [writtenEntity(written, content, [])], hasHtml: false }
  const targets = targetsOf(bodyOf(written.structure))
  const entity = writtenEntity(written, content, await replacementsFor(composition, targets))
  if (targets.length > 0) return { parts: [entity], hasHtml: targets.some(({ html }) => html) }
  const text = writeText('plain', await quoted(composition, false))
  return { parts: [entity, { fields: text.fields, body: bytesOf(text.body) }], hasHtml: false }
}

const assembled = async (composition: Composition, content: readonly string[]): Promise<Entity> => {
  const { parts, hasHtml } = await textParts(composition, content)
  const [text, ...others] = parts
  const all =
    composition.verb === 'reply'
      ? await replyParts(composition, { parts, hasHtml })
      : [...(await forwardParts(composition, text as Entity, hasHtml)), ...others]
  return all.length === 1 ? (all[0] as Entity) : multipart('mixed', all, composition.boundary)
}

/** Nothing may be put into what is signed, nor beside what is encrypted: that would send in the clear what its writer has hidden. */
const composedEntity = async (composition: Composition, content: readonly string[]): Promise<Entity> => {
  const { verb, written, original, boundary } = composition
  const kind = kindOf(written.structure)
  if (kind !== 'smime' && kind !== 'smime-signed') return assembled(composition, content)
  const sealed = writtenEntity(written, content, [])
  if (kind === 'smime' || verb === 'reply') return sealed
  return multipart(
    'mixed',
    [sealed, embedded(original.structure, original.envelope.subject, original.read)],
    boundary,
  )
}

/**
 * The message that SmartReply and SmartForward send (MS-ASCMD 2.2.1.20, 2.2.1.19): what the phone wrote with the original's text added to it, plain to
 * plain and HTML to HTML, below a header block; a forward also takes the original's attachments along, byte for byte, and S/MIME as a message of its own.
 * Fields, attachments and characters of the phone stay as they are; In-Reply-To and References are added where they are missing.
 * Rejects only if a `read` does. Memory: the texts and one window.
 */
export async function* composeMessage(composition: Composition): AsyncGenerator<Uint8Array, void> {
  const { written, original } = composition
  const { content, message } = await readFields(written.read, 0, written.structure.bodyStart)
  const entity = await composedEntity(composition, content)
  const fields = [...messageFields(message, original.envelope), ...entity.fields]
  yield* entityPieces({ fields, body: entity.body })
}
