import { RelaisError } from '@relais/service-kit'

export type WbxmlErrorCode =
  | 'WBXML_HEADER'
  | 'WBXML_TRUNCATED'
  | 'WBXML_INTEGER'
  | 'WBXML_TOKEN'
  | 'WBXML_PAGE'
  | 'WBXML_TAG'
  | 'WBXML_TEXT'
  | 'WBXML_MIXED'
  | 'WBXML_TRAILING'
  | 'WBXML_LIMIT'

/**
 * Bytes that aren't a WBXML document we take. `status` is what clients from 14.0 are told (MS-ASCMD 2.2.4): 102 not well-formed,
 * 103 well-formed but beyond the schema's or our bounds. Older clients get HTTP 400.
 */
export class WbxmlError extends RelaisError {
  readonly status: 102 | 103
  /** Byte at which reading stopped. */
  readonly offset: number
  constructor(code: WbxmlErrorCode, reason: string, offset: number) {
    super(code, `${reason} at byte ${offset}`, false)
    this.status = code === 'WBXML_LIMIT' ? 103 : 102
    this.offset = offset
  }
}

/** A well-formed document whose element has a value that it can't have. Each command says which status that is. */
export class ValueError extends RelaisError {
  readonly tag: string
  constructor(tag: string, reason: string) {
    super('INVALID_VALUE', `${tag}: ${reason}`, false)
    this.tag = tag
  }
}
