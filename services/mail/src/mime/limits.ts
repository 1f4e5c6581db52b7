/** Bounds of one message's parse. Whatever lies beyond them stays in the blob and is left out of the structure. */
export type MimeLimits = {
  /** Bytes kept of one entity's header; the rest of that header is skipped. */
  readonly headerBytes: number
  /** Entities inside entities; deeper ones are opaque. */
  readonly depth: number
  /** Entities of the whole message; later ones are skipped. */
  readonly parts: number
  /** Addresses of one field. */
  readonly addresses: number
  /** Message ids of References. */
  readonly references: number
  /** Bytes of UTF-8 that all texts of envelope and structure take together: both go into one commit of 1 MiB at most. */
  readonly textBytes: number
}

export const DEFAULT_LIMITS: MimeLimits = {
  headerBytes: 256 * 1024,
  depth: 32,
  parts: 1000,
  addresses: 1000,
  references: 100,
  textBytes: 384 * 1024,
}

/** A field's value in UTF-16 units: RFC 5322 has no bound, phones show far less. */
export const MAX_SUBJECT = 2000
export const MAX_NAME = 255
export const MAX_ADDRESS = 320
export const MAX_MESSAGE_ID = 998
/** Parameters of one Content-Type or Content-Disposition field. */
export const MAX_PARAMETERS = 64
/** RFC 2231 continuations of one field. */
export const MAX_CONTINUATIONS = 64
/** A delimiter line with its line end; RFC 2046 allows boundaries of 70 characters. */
export const MAX_DELIMITER_LINE = 1024
