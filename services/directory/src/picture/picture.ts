/** What is kept as somebody's picture: a hundred of them are in one answer to a phone. */
export const MAX_PICTURE_BYTES = 100 * 1024

/** Of a side, in pixels: what a phone has to unpack to show it. */
export const MAX_PICTURE_SIDE = 2048

export type PictureKind = 'jpeg' | 'png'

export type PictureShape = { readonly kind: PictureKind; readonly width: number; readonly height: number }

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const IHDR = [0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]

const startsWith = (bytes: Uint8Array, begin: readonly number[], from = 0): boolean =>
  begin.every((byte, at) => bytes[from + at] === byte)

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** Its first chunk says the size (PNG, ISO/IEC 15948, 11.2.2). */
const pngShape = (bytes: Uint8Array): PictureShape | undefined => {
  if (bytes.length < 33 || !startsWith(bytes, IHDR, PNG_SIGNATURE.length)) return undefined
  const view = viewOf(bytes)
  return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** Frames of every coding, without the tables DHT, JPG and DAC that stand between them (ITU-T T.81, table B.1). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Segments before the first scan are walked by their lengths (ITU-T T.81, B.1.1.4). */
const jpegShape = (bytes: Uint8Array): PictureShape | undefined => {
  const view = viewOf(bytes)
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = view.getUint8(at + 1)
    if (view.getUint8(at) !== 0xff) return undefined
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (isFrame(marker))
      return { kind: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    const length = view.getUint16(at + 2)
    if (length < 2 || marker === 0xda || marker === 0xd9) return undefined
    at += 2 + length
  }
  return undefined
}

/** What the bytes say that they are, whatever their name says; undefined: neither JPEG nor PNG. */
export const pictureShape = (bytes: Uint8Array): PictureShape | undefined => {
  if (startsWith(bytes, PNG_SIGNATURE)) return pngShape(bytes)
  return startsWith(bytes, [0xff, 0xd8, 0xff]) ? jpegShape(bytes) : undefined
}
