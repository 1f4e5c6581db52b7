import type { Body, BodyPreference, ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { bodyOf, type MessageBody, nativeBodyOf } from './body-parts.ts'
import { truncateText } from './encoded-word.ts'
import { mimeBody } from './mime-body.ts'
import type { ReadBytes } from './open-part.ts'
import { MAX_BODY } from './read-text.ts'
import { type Format, renderText } from './render-text.ts'
import { cutUtf8 } from './utf8-text.ts'

/** Who doesn't say so gets bodies whole. */
export type WantedContent = Omit<ContentOptions, 'streamMime' | 'inlineBytes'> &
  Partial<Pick<ContentOptions, 'streamMime' | 'inlineBytes'>>

export type BodyRequest = {
  readonly structure: Part
  readonly read: ReadBytes
  readonly options: WantedContent
  /** {@link ParsedMessage.kind}: S/MIME is only whole as MIME. */
  readonly kind: string
  /** {@link ParsedMessage.preview}, of which previews are cut. */
  readonly preview: string
}

export type RenderedBody = {
  /** Undefined if no body was asked for. */
  readonly body: Body | undefined
  /** What the message itself has (MS-ASAIRS 2.2.2.32). */
  readonly nativeBody: Format
}

export const isSmime = (kind: string): boolean => kind === 'smime' || kind === 'smime-signed'

/** MS-ASCMD 2.2.3.111 MIMESupport: 0 never, 1 for S/MIME, 2 for all. */
const allowsMime = ({ options, kind }: BodyRequest): boolean =>
  options.mimeSupport === 2 || (options.mimeSupport === 1 && isSmime(kind))

const PLAIN: BodyPreference = { type: 'plain', truncation: undefined, allOrNone: false, preview: 0 }

/** MIME where it is wanted and allowed, else what the message has, else what can be made of it: HTML before plain. */
const preferred = (request: BodyRequest, native: Format): readonly BodyPreference[] => {
  const types = new Set([...(allowsMime(request) ? ['mime'] : []), native, 'html', 'plain'])
  const found = [...types].flatMap(
    (type) => request.options.bodies.find((preference) => preference.type === type) ?? [],
  )
  return found.length > 0 ? found : [PLAIN]
}

/** Without data nothing needs to be decoded. */
const sizeOnly = (body: MessageBody, format: Format): Body => {
  const estimatedSize = body[format].reduce((size, { part }) => size + part.decodedSize, 0)
  return {
    type: format,
    estimatedSize,
    truncated: estimatedSize > 0,
    data: undefined,
    preview: '',
    streamLength: 0,
    deferredLength: 0,
    unmade: false,
  }
}

type TextPreference = { readonly format: Format; readonly truncation: number | undefined }

const textBody = async (
  body: MessageBody,
  read: ReadBytes,
  { format, truncation }: TextPreference,
): Promise<Body> => {
  if (truncation === 0) return sizeOnly(body, format)
  const limit = truncation ?? MAX_BODY
  const text = await renderText({ body, format, read, wanted: limit })
  const data = cutUtf8(text.bytes, limit)
  const truncated = !text.complete || data.length < text.bytes.length
  return {
    type: format,
    estimatedSize: Math.max(text.estimated, data.length),
    truncated,
    data,
    preview: '',
    streamLength: 0,
    deferredLength: 0,
    unmade: false,
  }
}

const bodyIn = (
  request: BodyRequest,
  body: MessageBody,
  { type, truncation }: BodyPreference,
): Promise<Body> => {
  const { structure, read, kind, options } = request
  if (type === 'mime')
    return mimeBody({ structure, read, asIs: isSmime(kind), truncation, stream: options.streamMime })
  return textBody(body, read, { format: type as Format, truncation })
}

const withPreview = (body: Body, request: BodyRequest, { preview }: BodyPreference): Body => ({
  ...body,
  preview: preview > 0 ? truncateText(request.preview, Math.min(preview, 255)) : '',
})

/** The first preference that can be met; one with AllOrNone isn't by a part of the body (MS-ASAIRS 2.2.2.1). */
const firstThatFits = async (
  request: BodyRequest,
  body: MessageBody,
  preferences: readonly BodyPreference[],
): Promise<Body> => {
  let refused: Body | null = null
  for (const preference of preferences) {
    const found = withPreview(await bodyIn(request, body, preference), request, preference)
    if (!preference.allOrNone || !found.truncated) return found
    refused ??= { ...found, data: undefined, streamLength: 0 }
  }
  return refused as Body
}

/**
 * The body that a client gets for its preferences (MS-ASAIRS 2.2.2.12, MS-ASCMD MIMESupport): the type by what it asks for and what the message has; cut at
 * `truncation` bytes of UTF-8, never inside a character; `truncation` 0, or AllOrNone that no preference can meet: without data.
 * Without preferences: plain text. Rejects only if `read` does.
 */
export const renderBody = async (request: BodyRequest): Promise<RenderedBody> => {
  const body = bodyOf(request.structure)
  const nativeBody = nativeBodyOf(body)
  if (!request.options.withBody) return { body: undefined, nativeBody }
  return { body: await firstThatFits(request, body, preferred(request, nativeBody)), nativeBody }
}
