import { Buffer } from 'node:buffer'
import type { Body, BodyPreference } from '@relais/proto/mail/v1/mail.ts'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { bodyOf } from './body-parts.ts'
import { asBuffer } from './bytes.ts'
import { htmlText } from './html-text.ts'
import type { ReadBytes } from './open-part.ts'
import { previewOf } from './preview.ts'
import { renderText } from './render-text.ts'
import { uniquePart } from './unique-part.ts'
import { cutUtf8 } from './utf8-text.ts'

export type PartRequest = {
  readonly structure: Part
  readonly read: ReadBytes
  readonly preference: BodyPreference
}

const NOTHING: Body = {
  ...{ type: 'html', estimatedSize: 0, truncated: false, data: undefined, preview: '' },
  ...{ streamLength: 0, deferredLength: 0, unmade: false },
}

/** HTML that is looked through: a letter of three hundred pages; a hostile one takes half a second of the thread. */
export const MAX_LOOKED_THROUGH = 1024 * 1024

export const UNMADE: Body = { ...NOTHING, unmade: true }

const MAX_PREVIEW = 255

const previewIn = (html: string, length: number): string =>
  length === 0 ? '' : previewOf(htmlText(html, 8 * MAX_PREVIEW), Math.min(length, MAX_PREVIEW))

const cut = (bytes: Uint8Array, { truncation, allOrNone }: BodyPreference): Uint8Array | undefined => {
  const data = cutUtf8(bytes, truncation ?? bytes.length)
  return truncation === 0 || (allOrNone && data.length < bytes.length) ? undefined : data
}

/**
 * What the sender of a message has written anew, as HTML: for clients that show conversations (MS-ASAIRS 2.2.2.10). `unmade`: there is no
 * text (an encrypted message), or it is too long to be looked through. Rejects only if `read` does.
 */
export const renderPart = async ({ structure, read, preference }: PartRequest): Promise<Body> => {
  const body = bodyOf(structure)
  if (body.html.length === 0) return UNMADE
  const text = await renderText({ body, format: 'html', read, wanted: MAX_LOOKED_THROUGH + 1 })
  if (!text.complete || text.bytes.length > MAX_LOOKED_THROUGH)
    return { ...UNMADE, estimatedSize: text.estimated }
  const html = uniquePart(asBuffer(text.bytes).toString())
  const bytes = Buffer.from(html)
  const data = cut(bytes, preference)
  return {
    ...NOTHING,
    ...{ estimatedSize: bytes.length, truncated: (data?.length ?? 0) < bytes.length, data },
    preview: previewIn(html, preference.preview),
  }
}
