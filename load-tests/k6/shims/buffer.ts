// What the product's codec needs of Node, for k6, which has nothing of it. The bundle has it in place of node:buffer.
import { Buffer } from 'buffer/index.js'

export { Buffer }

/** RFC 3629: whether bytes are UTF-8. The codec asks it of long texts. */
export const isUtf8 = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0)
    if (length === 0 || at + length > bytes.length || !isSequence(bytes, at, length)) return false
    at += length
  }
  return true
}

const sequenceLength = (first: number): number => {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first < 0xe0) return 2
  if (first >= 0xe0 && first < 0xf0) return 3
  return first >= 0xf0 && first < 0xf5 ? 4 : 0
}

/** The second byte excludes what is too long a form, a surrogate, or beyond U+10FFFF. */
const isSequence = (bytes: Uint8Array, at: number, length: number): boolean => {
  for (let n = 1; n < length; n++) if (((bytes[at + n] ?? 0) & 0xc0) !== 0x80) return false
  const [first = 0, second = 0] = bytes.subarray(at, at + 2)
  if (first === 0xe0) return second >= 0xa0
  if (first === 0xed) return second < 0xa0
  if (first === 0xf0) return second >= 0x90
  return first !== 0xf4 || second < 0x90
}
