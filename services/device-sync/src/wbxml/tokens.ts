/** Global tokens (WBXML 1.3 section 7.1) and the parts of a tag byte. ActiveSync uses only the first four (MS-ASWBXML 2.1.2). */
export const SWITCH_PAGE = 0x00
export const END = 0x01
export const STR_I = 0x03
export const OPAQUE = 0xc3

export const HAS_CONTENT = 0x40
export const HAS_ATTRIBUTES = 0x80
export const IDENTITY = 0x3f
/** Identities below this are global tokens. */
export const FIRST_TAG = 0x05

export const CHARSET_UTF8 = 106
