import { hash } from 'node:crypto'
import { type Cursor, isPossible, MAX_PLACEMENT } from './cursor.ts'

const VERSION = 1
const BYTES = 48
const KEY = /^[A-Za-z0-9_-]{64}$/
/** In place of the distance from P to B: B is 0 (it may be lower than it could be, never higher). */
const FAR = 2 ** 32 - 1
const GENERATION_BITS = 30

// Offsets of the packed form; ids take 7 bytes, positions 5.
const AT = {
  epoch: 1,
  generation: 4,
  list: 8,
  position: 12,
  placement: 17,
  added: 24,
  sortKey: 31,
  edge: 36,
  told: 43,
  view: 47,
} as const

const writeUint56 = (bytes: Buffer, value: number, offset: number) => {
  bytes.writeUIntBE(Math.floor(value / 2 ** 32), offset, 3)
  bytes.writeUInt32BE(value % 2 ** 32, offset + 3)
}

const readUint56 = (bytes: Buffer, offset: number): number =>
  bytes.readUIntBE(offset, 3) * 2 ** 32 + bytes.readUInt32BE(offset + 3)

/**
 * The sync key that says a cursor: 48 bytes as 64 characters of base64url (RFC 4648 §5). Throws RangeError where a field is out of
 * bounds: epoch 2^24, generation 2^30, positions 2^40, placements 2^53, sort key ±2^39, filter 16, level 4, view 256, list 2^32.
 */
export const packKey = (cursor: Cursor): string => {
  const { changes, edge } = cursor
  if (Math.max(changes.placement, cursor.added, edge.placement) > MAX_PLACEMENT)
    throw new RangeError('a placement over 2^53')
  if (cursor.generation >= 2 ** GENERATION_BITS || cursor.level > 3 || cursor.filter > 15)
    throw new RangeError('a generation, level or filter that no key can say')
  const bytes = Buffer.alloc(BYTES)
  bytes.writeUInt8(VERSION * 16 + cursor.filter, 0)
  bytes.writeUIntBE(cursor.epoch, AT.epoch, 3)
  bytes.writeUInt32BE(cursor.level * 2 ** GENERATION_BITS + cursor.generation, AT.generation)
  bytes.writeUInt32BE(cursor.list, AT.list)
  bytes.writeUIntBE(changes.position, AT.position, 5)
  writeUint56(bytes, changes.placement, AT.placement)
  writeUint56(bytes, cursor.added, AT.added)
  bytes.writeIntBE(edge.sortKey, AT.sortKey, 5)
  writeUint56(bytes, edge.placement, AT.edge)
  bytes.writeUInt32BE(distance(changes.position, cursor.told), AT.told)
  bytes.writeUInt8(cursor.view, AT.view)
  return bytes.toString('base64url')
}

const distance = (position: number, told: number) => Math.min(position - told, FAR)

/** The cursor that a key says; undefined for what {@link packKey} can't have made. Takes any text from outside. */
export const unpackKey = (key: string): Cursor | undefined => {
  if (!KEY.test(key)) return undefined
  const bytes = Buffer.from(key, 'base64url')
  if (bytes.readUInt8(0) >> 4 !== VERSION) return undefined
  const cursor = read(bytes)
  const placements = [cursor.changes.placement, cursor.added, cursor.edge.placement]
  return placements.every(Number.isSafeInteger) && cursor.told >= 0 && isPossible(cursor) ? cursor : undefined
}

const read = (bytes: Buffer): Cursor => {
  const levelAndGeneration = bytes.readUInt32BE(AT.generation)
  const position = bytes.readUIntBE(AT.position, 5)
  const far = bytes.readUInt32BE(AT.told)
  return {
    epoch: bytes.readUIntBE(AT.epoch, 3),
    generation: levelAndGeneration % 2 ** GENERATION_BITS,
    changes: { position, placement: readUint56(bytes, AT.placement) },
    added: readUint56(bytes, AT.added),
    edge: { sortKey: bytes.readIntBE(AT.sortKey, 5), placement: readUint56(bytes, AT.edge) },
    told: far === FAR ? 0 : position - far,
    filter: bytes.readUInt8(0) & 15,
    level: Math.floor(levelAndGeneration / 2 ** GENERATION_BITS),
    view: bytes.readUInt8(AT.view),
    list: bytes.readUInt32BE(AT.list),
  }
}

/** Names a key of a collection in commits and rows: 16 characters. Equal keys of two collections have different names. */
export const hashKey = (collection: string, key: string): string =>
  hash('sha256', `${collection}\n${key}`, 'base64url').slice(0, 16)
