import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { terminal } from '@relais/service-kit'
import type { ByteBudget } from './byte-budget.ts'
import { requestChunks } from './request-chunks.ts'

export type BodyOptions = {
  /** Bytes, before and after Content-Encoding. */
  readonly maxBytes: number
  readonly budget: ByteBudget
  /** Milliseconds without a byte after which the client counts as gone. */
  readonly idleMs: number
}

/** A body in memory; `release` gives its memory back to the budget and must be called. */
export type Body = { readonly bytes: Buffer; release(): void }

/** Bodies below this aren't worth counting. */
const SMALL = 64 * 1024

const tooLarge = (bytes: number) => terminal('BODY_TOO_LARGE', `a request body of more than ${bytes} bytes`)

/** Content-Length, if it says something we can believe; Node has refused nonsense. */
const announcedLength = (request: IncomingMessage): number | undefined => {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

type Growing = { buffer: Buffer; length: number; release: () => void }

const nothing = () => undefined

/** Without Content-Length a body that turns out not to be small is counted as the largest it may become. */
const grow = async (body: Growing, chunk: Buffer, { maxBytes, budget }: BodyOptions): Promise<void> => {
  const length = body.length + chunk.length
  if (length > maxBytes) throw tooLarge(maxBytes)
  if (length > SMALL && body.release === nothing) body.release = await budget.take(maxBytes)
  if (length > body.buffer.length) {
    const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(length, body.buffer.length * 2)))
    body.buffer.copy(larger, 0, 0, body.length)
    body.buffer = larger
  }
  body.length += chunk.copy(body.buffer, body.length)
}

const start = async (announced: number | undefined, { maxBytes, budget }: BodyOptions): Promise<Growing> => {
  if (announced === undefined) return { buffer: Buffer.allocUnsafe(4096), length: 0, release: nothing }
  if (announced > maxBytes) throw tooLarge(maxBytes)
  const release = announced > SMALL ? await budget.take(announced) : nothing
  return { buffer: Buffer.allocUnsafe(announced), length: 0, release }
}

const readRaw = async (request: IncomingMessage, options: BodyOptions): Promise<Body> => {
  const body = await start(announcedLength(request), options)
  try {
    for await (const chunk of requestChunks(request, options.idleMs)) await grow(body, chunk, options)
    return { bytes: body.buffer.subarray(0, body.length), release: body.release }
  } catch (error) {
    body.release()
    throw error
  }
}

type Unpack = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const unzip = promisify(gunzip) as Unpack
const zlib = promisify(inflate) as Unpack
const raw = promisify(inflateRaw) as Unpack

/** "deflate" is the zlib form (RFC 9110 8.4.1.2), but some send raw deflate. */
const deflate: Unpack = (bytes, options) =>
  (((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE() % 31 === 0 ? zlib : raw)(bytes, options)

const unpackers: ReadonlyMap<string, Unpack> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['deflate', deflate],
])

const unpackerOf = (request: IncomingMessage): Unpack | undefined => {
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding === 'identity' || coding === '') return undefined
  const unpack = unpackers.get(coding)
  if (!unpack) throw terminal('UNKNOWN_CODING', 'a Content-Encoding other than gzip or deflate')
  return unpack
}

const unpackError = (error: NodeJS.ErrnoException, maxBytes: number) =>
  error.code === 'ERR_BUFFER_TOO_LARGE'
    ? tooLarge(maxBytes)
    : terminal('DAMAGED_CODING', "the body isn't what its Content-Encoding says", { cause: error })

const unpacked = async (packed: Body, unpack: Unpack, { maxBytes, budget }: BodyOptions): Promise<Body> => {
  const release = packed.bytes.length > 1024 ? await budget.take(maxBytes) : nothing
  try {
    const bytes = await unpack(packed.bytes, { maxOutputLength: maxBytes })
    return { bytes, release }
  } catch (error) {
    release()
    throw unpackError(error as NodeJS.ErrnoException, maxBytes)
  } finally {
    packed.release()
  }
}

/**
 * Reads and unpacks a request body within bounds.
 * Errors: BODY_TOO_LARGE, BODY_TIMEOUT, UNKNOWN_CODING, DAMAGED_CODING, OVERLOADED, CANCELLED.
 */
export const readBody = async (request: IncomingMessage, options: BodyOptions): Promise<Body> => {
  const unpack = unpackerOf(request)
  const body = await readRaw(request, options)
  return unpack && body.bytes.length > 0 ? unpacked(body, unpack, options) : body
}
