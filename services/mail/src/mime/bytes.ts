import { Buffer } from 'node:buffer'

/** The same bytes as a Buffer, not copied. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** One character per byte. */
export const latin1 = (bytes: Uint8Array, start = 0, end = bytes.length): string =>
  asBuffer(bytes).toString('latin1', start, end)
