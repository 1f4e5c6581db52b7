import { closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isMissing, storeError } from '../errors.ts'
import { openFile, renameFile, writeAll } from './files.ts'
import { discard, type Place } from './place.ts'

const HEAD_BYTES = 8

// Not synced, for it can be made again: length and sum tell a half-written one after a power cut.
const headed = (bytes: Uint8Array): Buffer => {
  const file = Buffer.allocUnsafe(HEAD_BYTES + bytes.length)
  file.writeUInt32BE(bytes.length, 0)
  file.writeUInt32BE(crc32(bytes), 4)
  file.set(bytes, HEAD_BYTES)
  return file
}

const headless = (file: Buffer): Uint8Array | undefined => {
  if (file.length < HEAD_BYTES) return undefined
  const bytes = file.subarray(HEAD_BYTES)
  const whole = file.readUInt32BE(0) === bytes.length && file.readUInt32BE(4) === crc32(bytes)
  return whole ? bytes : undefined
}

const writeUnsynced = async (path: string, bytes: Uint8Array): Promise<void> => {
  const fd = await openFile(path, 'wx')
  try {
    await writeAll(fd, bytes)
  } finally {
    closeSync(fd)
  }
}

/** Writes a derived file in one step: readers find the old one or the new one. */
export const writeArtefact = async (place: Place, tenant: string, path: string, bytes: Uint8Array) => {
  const temporary = await place.temporary(tenant)
  try {
    await writeUnsynced(temporary, headed(bytes))
    await renameFile(temporary, path)
  } catch (error) {
    await discard(temporary)
    throw storeError(error)
  }
}

/** A derived file's bytes; undefined if it isn't there or isn't whole. */
export const readArtefact = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return headless(await readFile(path))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw storeError(error)
  }
}
