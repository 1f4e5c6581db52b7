import { Buffer } from 'node:buffer'
import { decodeCharset } from './charset.ts'
import { displayText, truncateText } from './encoded-word.ts'
import { htmlText } from './html-text.ts'
import { decodeWhole } from './transfer.ts'

export const PREVIEW_LENGTH = 255

/** Bytes kept of a text part until its preview is made: style sheets come before the text of HTML. */
const MAX_PLAIN = 4 * 1024
const MAX_HTML = 64 * 1024
/** White space and base64 quanta: the first pieces to be tried, each larger than the one before. */
const STEPS = [1024, 8 * 1024, MAX_HTML]

export type CapturedText = {
  readonly html: boolean
  readonly charset: string
  readonly encoding: string
}

/** The beginning of one text part, as it stands in the message. */
export type Capture = CapturedText & { readonly pieces: Buffer[]; room: number }

export const createCapture = (text: CapturedText): Capture => ({
  ...text,
  pieces: [],
  room: text.html ? MAX_HTML : MAX_PLAIN,
})

/** Copies what there is room for. */
export const addToCapture = (capture: Capture, bytes: Uint8Array, start: number, end: number): void => {
  const taken = Math.min(capture.room, end - start)
  if (taken <= 0) return
  capture.pieces.push(Buffer.from(bytes.subarray(start, start + taken)))
  capture.room -= taken
}

/** Characters that show nothing: newsletters pad their first lines with them. */
const INVISIBLE = /(?!\u200c|\u200d)\p{Cf}|\u034f|\u115f|\u1160/gu
/** Joiners belong to words, and to emoji; at the edge of one they show nothing either. */
const IDLE_JOINERS = /(?<!\S)(?:\u200c|\u200d)+|(?:\u200c|\u200d)+(?!\S)/g

/** A line of text for a list: at most `limit` UTF-16 units, white space folded, nothing invisible. */
export const previewOf = (text: string, limit: number = PREVIEW_LENGTH): string => {
  const visible = text.replace(INVISIBLE, '').replace(IDLE_JOINERS, '')
  const folded = displayText(visible, limit * 4).replace(/\s+/g, ' ')
  return truncateText(folded.trim(), limit).trimEnd()
}

const textOf = ({ html, charset, encoding }: CapturedText, bytes: Uint8Array): string => {
  const text = decodeCharset(decodeWhole(bytes, encoding), charset)
  // A character that the cut went through shows as one that couldn't be decoded.
  const whole = text.replace(/\ufffd{1,4}$/, '')
  return html ? htmlText(whole, PREVIEW_LENGTH * 8) : whole
}

/** The first {@link PREVIEW_LENGTH} characters of a captured text. */
export const previewOfCapture = (capture: Capture): string => {
  const bytes = capture.pieces.length === 1 ? (capture.pieces[0] as Buffer) : Buffer.concat(capture.pieces)
  for (const step of STEPS) {
    const preview = previewOf(textOf(capture, bytes.subarray(0, step)))
    if (preview.length >= PREVIEW_LENGTH - 2 || step >= bytes.length) return preview
  }
  return ''
}
