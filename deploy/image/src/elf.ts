const PROGRAM_HEADERS_AT = 32
const SECTION_HEADERS_AT = 40
const PROGRAM_HEADER_SIZE = 54
const PROGRAM_HEADERS = 56
const SECTION_HEADER_SIZE = 58

/**
 * A 64-bit little-endian ELF program without what isn't loaded when it runs: symbols and debugging sections (a fifth of Node's).
 * The build's id stays, by which symbols can be found again. The same bytes each time, without a program of the machine's.
 * Errors: what isn't such a program.
 */
export const withoutSymbols = (program: Uint8Array): Buffer => {
  const whole = Buffer.from(program)
  if (whole.length < 64 || whole.readUInt32BE(0) !== 0x7f454c46 || whole[4] !== 2 || whole[5] !== 1)
    throw new Error('not a 64-bit little-endian ELF program')
  const stripped = Buffer.from(whole.subarray(0, endOfSegments(whole)))
  stripped.writeBigUInt64LE(0n, SECTION_HEADERS_AT)
  stripped.fill(0, SECTION_HEADER_SIZE, 64)
  return stripped
}

const endOfSegments = (program: Buffer): number => {
  const start = Number(program.readBigUInt64LE(PROGRAM_HEADERS_AT))
  const size = program.readUInt16LE(PROGRAM_HEADER_SIZE)
  const count = program.readUInt16LE(PROGRAM_HEADERS)
  const ends = Array.from({ length: count }, (_, n) => {
    const header = start + n * size
    return Number(program.readBigUInt64LE(header + 8) + program.readBigUInt64LE(header + 32))
  })
  return Math.min(program.length, Math.max(start + size * count, ...ends))
}
