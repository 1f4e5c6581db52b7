import type { MailSource } from '../mime/compose/compose.ts'
import { hasField, readFields, withoutFields } from '../mime/compose/entity-fields.ts'
import { isWhole } from '../mime/compose/originals.ts'
import { bytesOf, type Entity, entityPieces, type Pieces, rawBytes } from '../mime/compose/pieces.ts'
import { saidFields } from './draft-fields.ts'
import { type DraftParts, draftEntity } from './draft-parts.ts'

export type DraftWriting = DraftParts & {
  /** Milliseconds since 1970: its Date. */
  readonly now: number
  /** For a new one, with its angle brackets. */
  readonly messageId: string
  /** More fields, for what is no letter. */
  readonly fields?: readonly string[]
}

/** RFC 5322 3.3. */
const dateText = (at: number): string => new Date(at).toUTCString().replace(/GMT$/, '+0000')

type Header = { readonly message: readonly string[]; readonly content: readonly string[] }

const NO_HEADER: Header = { message: [], content: [] }

const headerOf = (base: MailSource | undefined): Promise<Header> | Header =>
  base ? readFields(base.read, 0, base.structure.bodyStart) : NO_HEADER

/** What the draft said before, but for what is said now. */
const messageFields = (
  { content, now, messageId, fields = [] }: DraftWriting,
  before: readonly string[],
): string[] => {
  const said = saidFields(content)
  const kept = withoutFields(before, ['date', 'mime-version', ...said.map(({ name }) => name)])
  return [
    ...said.map(({ raw }) => raw),
    ...kept,
    ...fields,
    `Date: ${dateText(now)}\r\n`,
    ...(hasField(kept, 'message-id') ? [] : [`Message-ID: ${messageId}\r\n`]),
    'MIME-Version: 1.0\r\n',
  ]
}

/** What is signed or encrypted stays whole as long as nothing in it is written anew. */
const isSealed = ({ content, base }: DraftWriting): boolean =>
  base !== undefined &&
  content.body === undefined &&
  content.attached.length + content.detached.length === 0 &&
  isWhole(base.structure)

const entityOf = async (writing: DraftWriting, { content }: Header): Promise<Entity> => {
  const { base } = writing
  if (!base || !isSealed(writing)) return draftEntity(writing)
  return { fields: content, body: rawBytes(base.read, base.structure.bodyStart, base.structure.bodyEnd) }
}

/**
 * A draft as a message (RFC 5322): what a device says of it in the place of what it said before; everything else stays as it is.
 * Rejects only if a read of the stored one does. Memory: the text, and one window.
 */
export async function* writeDraft(writing: DraftWriting): Pieces {
  const { body } = writing.content
  if (body?.type === 'mime') {
    yield* bytesOf(body.data)
    return
  }
  const header = await headerOf(writing.base)
  const { fields, body: pieces } = await entityOf(writing, header)
  yield* entityPieces({ fields: [...messageFields(writing, header.message), ...fields], body: pieces })
}
