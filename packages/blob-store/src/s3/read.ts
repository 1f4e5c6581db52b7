import { createHash, hash } from 'node:crypto'
import { blobDamaged, blobNotFound, rangeInvalid } from '../errors.ts'
import { CHUNK_BYTES } from '../file/read.ts'
import type { Range } from '../port.ts'
import type { S3Client, S3Request, S3Stream } from './client.ts'
import { unreachable, unusable } from './faults.ts'

/** What is read: an object, and the blob whose bytes are to be in it. */
export type Reading = { readonly key: string; readonly id: string; readonly range?: Range | undefined }

const NOTHING = new Uint8Array()
const BEYOND_THE_END = 416
/** Times that a stream goes on where it was cut. */
const MAX_CUTS = 5

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0

/** A range as HTTP says it (RFC 9110 14.1.2); undefined for the whole. Errors: BLOB_RANGE_INVALID. */
export const rangeHeader = (range: Range | undefined): string | undefined => {
  if (!range) return undefined
  const { offset, length } = range
  if (!isCount(offset) || !isCount(length ?? 0)) throw rangeInvalid()
  const last = length === undefined ? '' : Math.min(offset + length - 1, Number.MAX_SAFE_INTEGER)
  return `bytes=${offset}-${last}`
}

/** True: an answer to a range has all bytes of the object (RFC 9110 14.4). */
export const isWhole = (contentRange: string | undefined): boolean => {
  const match = /^bytes 0-(\d+)\/(\d+)$/.exec(contentRange ?? '')
  return match !== null && Number(match[1]) + 1 === Number(match[2])
}

const isEmptyRange = (range: Range | undefined) => range?.length === 0

const requestOf = ({ key }: Reading, header: string | undefined): S3Request => ({
  method: 'GET',
  key,
  headers: header === undefined ? {} : { range: header },
  maxBytes: Number.POSITIVE_INFINITY,
  mayBeAbsent: true,
})

const checkStatus = (status: number, id: string, header: string | undefined) => {
  if (status === 404) throw blobNotFound(id)
  if (header !== undefined && status === 200) throw unusable('the whole where a range was asked for')
}

/** Resolves if an object is there. Errors: BLOB_NOT_FOUND. */
const requireObject = async (client: S3Client, { key, id }: Reading): Promise<void> => {
  const { status } = await client.call({ method: 'HEAD', key, mayBeAbsent: true })
  if (status === 404) throw blobNotFound(id)
}

/** A blob's bytes, or a range of them; whole ones are verified. */
export const readBlob = async (client: S3Client, reading: Reading): Promise<Uint8Array> => {
  const header = rangeHeader(reading.range)
  if (isEmptyRange(reading.range)) {
    await requireObject(client, reading)
    return NOTHING
  }
  const { status, headers, bytes } = await client.call(requestOf(reading, header))
  checkStatus(status, reading.id, header)
  if (status === BEYOND_THE_END) return NOTHING
  const whole = header === undefined || isWhole(headers['content-range'])
  if (whole && hash('sha256', bytes, 'hex') !== reading.id) throw blobDamaged(reading.id)
  return bytes
}

/** A blob's bytes, or a range of them, in chunks of at most {@link CHUNK_BYTES}; a whole one is verified at its end. */
export async function* streamBlob(client: S3Client, reading: Reading): AsyncGenerator<Uint8Array> {
  const header = rangeHeader(reading.range)
  if (isEmptyRange(reading.range)) return requireObject(client, reading)
  const first = await client.open(requestOf(reading, header))
  if (first.status !== 200 && first.status !== 206) await first.chunks.dump()
  checkStatus(first.status, reading.id, header)
  if (first.status === BEYOND_THE_END) return
  const whole = header === undefined || isWhole(first.headers['content-range'])
  const chunks = new Resumed(client, reading, first).chunks()
  yield* whole ? verified(chunks, reading.id) : chunks
}

async function* verified(chunks: AsyncIterable<Uint8Array>, id: string): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256')
  for await (const chunk of chunks) {
    sum.update(chunk)
    yield chunk
  }
  if (sum.digest('hex') !== id) throw blobDamaged(id)
}

/** An answer that goes on where it was cut. */
class Resumed {
  readonly #client: S3Client
  readonly #reading: Reading
  #stream: S3Stream
  #read = 0
  readonly #length: number

  constructor(client: S3Client, reading: Reading, first: S3Stream) {
    this.#client = client
    this.#reading = reading
    this.#stream = first
    this.#length = Number(first.headers['content-length'])
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let cuts = 0; ; cuts += 1) {
        try {
          return yield* this.#untilCut()
        } catch (error) {
          if (this.#read === this.#length) return
          if (cuts >= MAX_CUTS) throw unreachable(error)
        }
        await this.#again()
      }
    } finally {
      this.#stream.chunks.on('error', () => {}).destroy()
    }
  }

  async *#untilCut(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#stream.chunks as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
        const part = chunk.subarray(at, at + CHUNK_BYTES)
        this.#read += part.length
        yield part
      }
    }
  }

  /** Where the server said how much there is. */
  #left() {
    return Number.isNaN(this.#length) ? {} : { length: this.#length - this.#read }
  }

  async #again(): Promise<void> {
    const { range, id } = this.#reading
    const offset = (range?.offset ?? 0) + this.#read
    const header = rangeHeader({ offset, ...this.#left() })
    this.#stream = await this.#client.open(requestOf(this.#reading, header))
    if (this.#stream.status !== 206) throw unusable(`${this.#stream.status} where the rest was asked for`)
    checkStatus(this.#stream.status, id, header)
  }
}
