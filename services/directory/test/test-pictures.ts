const PNG_BEGIN = Buffer.from([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
])

/** The beginning of a PNG, which is all that Relais looks at, and `fill` bytes after it. */
export const png = (width: number, height: number, fill = 9): Buffer => {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(width, 0)
  sizes.writeUInt32BE(height, 4)
  return Buffer.concat([PNG_BEGIN, sizes, Buffer.alloc(fill, 8)])
}

/** The same of a JPEG. */
export const jpeg = (width: number, height: number, { frame = 0xc0, fill = 20 } = {}): Buffer => {
  const begin = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, frame, 0, 17, 8, 0, 0, 0, 0])
  begin.writeUInt16BE(height, 13)
  begin.writeUInt16BE(width, 15)
  return Buffer.concat([begin, Buffer.alloc(fill, 1)])
}
