import type { ParsedMessage } from '../parsed-message.ts'

/** What a parse gives: the structure, and the body's text for the search index in UTF-8. */
export type Parsed = {
  readonly message: ParsedMessage
  readonly searchText: Uint8Array
}

/** To the thread. Chunks are transferred, not copied. */
export type Request =
  | { readonly type: 'chunk'; readonly job: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end'; readonly job: number }
  | { readonly type: 'drop'; readonly job: number }

/** From the thread: exactly one for each chunk and each end, in their order. */
export type Reply =
  | { readonly type: 'taken'; readonly job: number }
  | { readonly type: 'parsed'; readonly job: number; readonly parsed: Parsed }
  | { readonly type: 'defect'; readonly job: number; readonly defect: string }

/** Handed to the thread when it starts. */
export type ThreadOptions = {
  /** Time that one message may take in all. */
  readonly limitMs: number
}

/** Bytes of texts kept for the search index: markup is several times its text. */
export const KEPT_TEXT = 1024 * 1024
