import type { TagName } from './code-pages.ts'

/** Text that is UTF-8 already; spares decoding and encoding of message bodies. */
export class Utf8Text {
  readonly utf8: Uint8Array
  constructor(utf8: Uint8Array) {
    this.utf8 = utf8
  }
}

/** Content of known length that is read while it is sent: large attachments. */
export class StreamedContent {
  readonly kind: 'text' | 'opaque'
  /** Bytes; the chunks must add up to it. Text must be free of NUL and control characters (base64). */
  readonly length: number
  readonly chunks: () => AsyncIterable<Uint8Array>
  constructor(kind: 'text' | 'opaque', length: number, chunks: () => AsyncIterable<Uint8Array>) {
    this.kind = kind
    this.length = length
    this.chunks = chunks
  }
}

/**
 * null: an empty tag (`<Tag/>`), which says "delete", "clear" or "yes", unlike an omitted one.
 * string, Utf8Text: STR_I. Uint8Array: OPAQUE. Array: child elements. A decoder gives neither Utf8Text nor StreamedContent.
 */
export type WbxmlContent = null | string | Uint8Array | Utf8Text | StreamedContent | readonly WbxmlNode[]

/** One element of a document. */
export type WbxmlNode = { readonly tag: TagName; readonly content: WbxmlContent }

type Part = WbxmlNode | undefined | false
type Given = string | number | boolean | null | Uint8Array | Utf8Text | StreamedContent | readonly Part[]

const isPart = (part: Part): part is WbxmlNode => part !== undefined && part !== false

const nonEmpty = (nodes: readonly WbxmlNode[]): WbxmlContent => (nodes.length === 0 ? null : nodes)

const contentOf = (given: Given): WbxmlContent => {
  if (typeof given === 'number') return String(given)
  if (typeof given === 'boolean') return given ? '1' : '0'
  if (Array.isArray(given)) return nonEmpty(given.filter(isPart))
  return given as WbxmlContent
}

/**
 * Builds an element. Numbers and booleans become text ("1", "0"); undefined and false children are left out, so that
 * `condition && el(...)` reads well. No content, no children or null: an empty tag.
 */
export const el = (tag: TagName, given: Given = null): WbxmlNode => ({ tag, content: contentOf(given) })
