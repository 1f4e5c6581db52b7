import { createHmac, hash } from 'node:crypto'
import type { S3Credentials } from './options.ts'

/** A request as it is signed. */
export type Unsigned = {
  readonly method: string
  /** Where it goes: `HOST[:PORT]` and path count, and what stands in the query. */
  readonly url: URL
  /** All are signed; lower-case names, besides `host` and those of the signature. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body, lower-case hex. */
  readonly sha256: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export type SignerOptions = { readonly region: string; readonly credentials: S3Credentials }

const ALGORITHM = 'AWS4-HMAC-SHA256'

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** RFC 3986 section 2.3: what needn't be encoded isn't. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const inOrder = ([a]: readonly [string, string], [b]: readonly [string, string]) =>
  a < b ? -1 : Number(a > b)

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .map(([name, value]): [string, string] => [encoded(name), encoded(value)])
    .sort(inOrder)
    .map((pair) => pair.join('='))
    .join('&')

const canonicalPath = (pathname: string): string =>
  pathname
    .split('/')
    .map((part) => encoded(decodeURIComponent(part)))
    .join('/')

/** 20261125T184705Z */
const timeOf = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[:-]|\.\d{3}/g, '')

/**
 * Signs requests to S3 (AWS Signature Version 4, all of it in headers). In this thread and at once: the request of a small object costs about
 * as much as its signature does by way of other threads.
 */
export class Signer {
  readonly #options: SignerOptions
  #key: { readonly day: string; readonly key: Buffer } | undefined

  constructor(options: SignerOptions) {
    this.#options = options
  }

  /** The headers to send. */
  sign(request: Unsigned): Record<string, string> {
    const { sessionToken, accessKeyId } = this.#options.credentials
    const time = timeOf(request.at)
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-content-sha256': request.sha256,
      'x-amz-date': time,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    }
    const signed = Object.entries({ ...headers, host: request.url.host }).sort(inOrder)
    const names = signed.map(([name]) => name).join(';')
    const canonical = [
      request.method,
      canonicalPath(request.url.pathname),
      canonicalQuery(request.url.searchParams),
      ...signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
      '',
      names,
      request.sha256,
    ].join('\n')
    const scope = `${time.slice(0, 8)}/${this.#options.region}/s3/aws4_request`
    const text = [ALGORITHM, time, scope, hash('sha256', canonical, 'hex')].join('\n')
    const signature = hmac(this.#keyOf(time.slice(0, 8)), text).toString('hex')
    const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
    return { ...headers, authorization }
  }

  #keyOf(day: string): Buffer {
    if (this.#key?.day === day) return this.#key.key
    const { credentials, region } = this.#options
    const steps = [day, region, 's3', 'aws4_request']
    const key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`))
    this.#key = { day, key }
    return key
  }
}
