import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Dispatcher, Pool } from 'undici'
import { codeIn, isPassing, needsAnOperator, type Refusal, refused, unreachable, unusable } from './faults.ts'
import type { S3Settings } from './options.ts'
import { pauseBefore } from './pause.ts'
import { Signer } from './signature.ts'

export type S3Request = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Of an object; absent: the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Of the body, lower-case hex, where it is known already. */
  readonly sha256?: string
  /** Milliseconds that the server may work before it answers, where it is more than usual. */
  readonly answerWithinMs?: number
  /** Milliseconds since 1970 of the signature: servers refuse one that is 15 minutes old. Default: now. */
  readonly signedAt?: number
  /** An answer that is longer is refused; default 8 MiB. */
  readonly maxBytes?: number
  /** True: 404 is an answer, unless the whole bucket is missing. */
  readonly mayBeAbsent?: boolean
}

export type S3Answer = {
  /** 2xx, 416, and 404 where the request says so; others are errors. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

export type S3Stream = Omit<S3Answer, 'bytes'> & { readonly chunks: Dispatcher.ResponseData['body'] }

const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const MAX_REFUSAL_BYTES = 64 * 1024
/** A body takes at most as long as at this rate, beyond the time for an answer. */
const SLOWEST_BYTES_PER_MS = 256
/** For so long a bucket that was there is taken to be there. */
const BUCKET_STAYS_MS = 10_000
const EMPTY = new Uint8Array()

/** A failure that may pass: the call is tried again. */
class PassingError extends Error {
  readonly told: Error
  constructor(told: Error) {
    super(told.message)
    this.told = told
  }
}

/**
 * Signed requests to one bucket, over connections that are kept. Tries again, with pauses, what may pass: no answer, a cut one,
 * 5xx, 429, 409. Errors: BLOB_STORE_FULL, BLOB_STORE_UNAVAILABLE.
 */
export class S3Client {
  readonly #settings: S3Settings
  readonly #pool: Pool
  readonly #signer: Signer
  /** True since an operator was told that something has to be mended. */
  #told = false
  /** When the bucket was last known to be there, of `performance.now()`. */
  #bucketSeen = Number.NEGATIVE_INFINITY

  constructor(settings: S3Settings) {
    this.#settings = settings
    this.#signer = new Signer(settings)
    const { endpoint, connections, answerWithinMs, tls } = settings
    this.#pool = new Pool(endpoint, {
      connections,
      pipelining: 1,
      keepAliveTimeout: 20_000,
      // Pauses in an answer; the time to its beginning is #attempt's, for it grows with what is sent.
      bodyTimeout: answerWithinMs,
      headersTimeout: 0,
      connect: { timeout: answerWithinMs, ...tls },
    })
  }

  /** Sends a request and reads the whole answer. */
  call(request: S3Request): Promise<S3Answer> {
    return this.#tried(() => this.#attempt(request, (stream) => this.#whole(stream, request)))
  }

  /** Sends a request; the answer's bytes come as they are read, and end in an error where they are cut. */
  open(request: S3Request): Promise<S3Stream> {
    return this.#tried(() => this.#attempt(request, async (stream) => stream))
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async #tried<T>(attempt: () => Promise<T>): Promise<T> {
    const { attempts, deadlineMs } = this.#settings
    const deadline = performance.now() + deadlineMs
    for (let tried = 1; ; tried += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof PassingError)) throw error
        const pause = pauseBefore(tried, Math.random())
        if (tried >= attempts || performance.now() + pause > deadline) throw error.told
        await delay(pause)
      }
    }
  }

  async #attempt<T>(request: S3Request, take: (stream: S3Stream) => Promise<T>): Promise<T> {
    const stream = await this.#send(request)
    if (isAnswer(stream.status)) {
      this.#told = false
      this.#bucketSeen = performance.now()
      return take(stream)
    }
    const { status } = stream
    const code = codeIn(await this.#read(stream.chunks, MAX_REFUSAL_BYTES).catch(() => EMPTY))
    if (status !== 404 || !request.mayBeAbsent || code === 'NoSuchBucket')
      throw this.#refused({ status, code })
    if (code === '') await this.#requireBucket()
    return take(stream)
  }

  /** An answer to HEAD has no body that says whether the object or the bucket is missing. */
  async #requireBucket(): Promise<void> {
    if (performance.now() - this.#bucketSeen > BUCKET_STAYS_MS) await this.call({ method: 'HEAD' })
  }

  async #send(request: S3Request): Promise<S3Stream> {
    const signed = this.#sign(request)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error('no answer in time')), this.#timeFor(request))
    try {
      const { statusCode, headers, body } = await this.#pool.request({ ...signed, signal: late.signal })
      return { status: statusCode, headers: headers as Record<string, string>, chunks: body }
    } catch (error) {
      throw new PassingError(unreachable(error))
    } finally {
      clearTimeout(timer)
    }
  }

  #timeFor({ answerWithinMs = this.#settings.answerWithinMs, body = EMPTY }: S3Request): number {
    return answerWithinMs + body.length / SLOWEST_BYTES_PER_MS
  }

  #sign(request: S3Request) {
    const { method, headers = {}, body = EMPTY, sha256 = hash('sha256', body, 'hex') } = request
    const url = this.#url(request)
    const at = request.signedAt ?? Date.now()
    const signed = this.#signer.sign({ method, url, headers, sha256, at })
    return { method, path: url.pathname + url.search, headers: signed, ...withBody(method, body) }
  }

  #url({ key, query = {} }: S3Request): URL {
    const { endpoint, bucket } = this.#settings
    const url = new URL(key === undefined ? `/${bucket}` : `/${bucket}/${key}`, endpoint)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url
  }

  async #whole(stream: S3Stream, { maxBytes = MAX_ANSWER_BYTES }: S3Request): Promise<S3Answer> {
    const bytes = await this.#read(stream.chunks, maxBytes)
    const { status, headers } = stream
    // Copies and joins of parts begin their answer before the work is done.
    const late = bytes.length > 0 && status === 200 && isXml(headers) ? codeIn(bytes) : ''
    if (late !== '') throw this.#refused({ status: 500, code: late })
    return { status, headers, bytes }
  }

  async #read(chunks: S3Stream['chunks'], maxBytes: number): Promise<Uint8Array> {
    const read: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
        size += chunk.length
        if (size > maxBytes) break
        read.push(chunk)
      }
    } catch (error) {
      throw new PassingError(unreachable(error))
    }
    if (size > maxBytes) throw unusable('too much')
    return read.length === 1 ? read[0]! : Buffer.concat(read)
  }

  #refused(refusal: Refusal): Error {
    const error = refused(refusal)
    if (isPassing(refusal)) return new PassingError(error)
    if (needsAnOperator(refusal) && !this.#told) {
      this.#told = true
      this.#settings.onFault(error)
    }
    return error
  }
}

const isAnswer = (status: number) => (status >= 200 && status < 300) || status === 416

const isXml = (headers: S3Answer['headers']) => headers['content-type']?.includes('xml') ?? false

const withBody = (method: S3Request['method'], body: Uint8Array) =>
  method === 'PUT' || method === 'POST' ? { body } : {}
