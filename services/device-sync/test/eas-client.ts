import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { COMMAND_NAMES } from '../src/http/protocol.ts'
import { decodeWbxml } from '../src/wbxml/decode.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import type { WbxmlNode } from '../src/wbxml/node.ts'
import { validateAgainstSchema } from './validate-against-schema.ts'

/** How one phone is set up. */
export type EasClientOptions = {
  /** http://127.0.0.1:1234 */
  readonly url: string
  readonly user: string
  readonly password: string
  readonly deviceId?: string
  readonly deviceType?: string
  readonly userAgent?: string
  readonly version?: '2.5' | '12.0' | '12.1' | '14.0' | '14.1' | '16.0' | '16.1'
  readonly query?: 'plain' | 'base64'
}

export type EasRequestOptions = {
  readonly headers?: OutgoingHttpHeaders
  readonly acceptMultipart?: boolean
  /** More of a plain query: `&SaveInSent=T`. */
  readonly parameters?: string
  readonly signal?: AbortSignal
}

export type EasResponse = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body as it came, but for gzip. */
  readonly bytes: Buffer
  /** The document, if the answer was one; of a multipart answer its part 0. */
  readonly root: WbxmlNode | undefined
  /** Of a multipart answer: parts 1, 2, … */
  readonly parts: readonly Buffer[]
}

const WBXML = 'application/vnd.ms-sync.wbxml'
const MULTIPART = 'application/vnd.ms-sync.multipart'

/** Answers may be larger than requests. */
const limits = { maxElements: 1_000_000, maxText: 128 * 1024 * 1024, maxBytes: 256 * 1024 * 1024 }

const splitMultipart = (bytes: Buffer): readonly Buffer[] =>
  Array.from({ length: bytes.readUInt32LE(0) }, (_, part) => {
    const offset = bytes.readUInt32LE(4 + 8 * part)
    return bytes.subarray(offset, offset + bytes.readUInt32LE(8 + 8 * part))
  })

const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length]), bytes])

const ACCEPT_MULTIPART = Buffer.from([7, 1, 2])

/** A phone without its memory: makes requests as phones do, decodes and checks every answer against its schema. */
export class EasClient {
  readonly options: Required<EasClientOptions>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })

  constructor(options: EasClientOptions) {
    this.options = {
      deviceId: 'APPLF17L2KX1',
      deviceType: 'iPhone',
      userAgent: 'Apple-iPhone14C2/1904.1',
      version: '16.1',
      query: 'plain',
      ...options,
    }
  }

  /** The same phone, set up otherwise. */
  with(options: Partial<EasClientOptions>): EasClient {
    return new EasClient({ ...this.options, ...options })
  }

  get authorization(): string {
    const { user, password } = this.options
    return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
  }

  #plainQuery(command: string): string {
    const { user, deviceId, deviceType } = this.options
    const value = encodeURIComponent
    return `Cmd=${value(command)}&User=${value(user)}&DeviceId=${value(deviceId)}&DeviceType=${value(deviceType)}`
  }

  #base64Query(command: string, acceptMultipart: boolean): string {
    const { version, deviceId, deviceType } = this.options
    const code = COMMAND_NAMES.indexOf(command as (typeof COMMAND_NAMES)[number])
    return Buffer.concat([
      Buffer.from([Number(version.replace('.', '')), code, 0x09, 0x04]),
      field(Buffer.from(deviceId, 'latin1')),
      field(Buffer.alloc(0)),
      field(Buffer.from(deviceType, 'latin1')),
      acceptMultipart ? ACCEPT_MULTIPART : Buffer.alloc(0),
    ]).toString('base64')
  }

  /** One command; `body` undefined: none, bytes: as they are. */
  async post(
    command: string,
    body?: WbxmlNode | Uint8Array,
    { headers = {}, acceptMultipart = false, parameters = '', signal }: EasRequestOptions = {},
  ): Promise<EasResponse> {
    const plain = this.options.query === 'plain'
    const bytes = body instanceof Uint8Array || body === undefined ? body : encodeWbxml(body)
    const query = plain
      ? `${this.#plainQuery(command)}${parameters}`
      : this.#base64Query(command, acceptMultipart)
    const own = plain
      ? {
          'MS-ASProtocolVersion': this.options.version,
          ...(acceptMultipart ? { 'MS-ASAcceptMultiPart': 'T' } : {}),
        }
      : {}
    return this.request(`/Microsoft-Server-ActiveSync?${query}`, {
      method: 'POST',
      body: bytes,
      headers: { ...own, ...(bytes === undefined ? {} : { 'Content-Type': WBXML }), ...headers },
      signal,
    })
  }

  optionsRequest(): Promise<EasResponse> {
    return this.request('/Microsoft-Server-ActiveSync', { method: 'OPTIONS' })
  }

  /** Any request to the same server, with this phone's credentials. */
  async request(path: string, options: HttpRequest): Promise<EasResponse> {
    const { body, headers, method, signal } = options
    const raw = await exchange(`${this.options.url}${path}`, this.#agent, {
      method,
      body,
      signal,
      headers: { Authorization: this.authorization, 'User-Agent': this.options.userAgent, ...headers },
    })
    return interpreted(raw)
  }

  close(): void {
    this.#agent.destroy()
  }
}

export type HttpRequest = {
  readonly method: string
  readonly body?: Uint8Array
  readonly headers?: OutgoingHttpHeaders
  readonly signal?: AbortSignal
}

type RawResponse = Pick<EasResponse, 'status' | 'headers' | 'bytes'>

const exchange = (url: string, agent: Agent, options: HttpRequest): Promise<RawResponse> =>
  new Promise((resolve, reject) => {
    const { method, body, headers, signal } = options
    const length = body === undefined ? {} : { 'Content-Length': body.length }
    const sent = request(url, { agent, method, signal, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('aborted', () => reject(new Error('the answer was cut off')))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })

const documentOf = (bytes: Buffer): WbxmlNode => {
  const root = decodeWbxml(bytes, limits)
  validateAgainstSchema(root)
  return root
}

const interpreted = (raw: RawResponse): EasResponse => {
  const bytes = raw.headers['content-encoding'] === 'gzip' ? gunzipSync(raw.bytes) : raw.bytes
  const type = raw.headers['content-type']
  if (type === WBXML) return { ...raw, bytes, root: documentOf(bytes), parts: [] }
  if (type !== MULTIPART) return { ...raw, bytes, root: undefined, parts: [] }
  const [document = Buffer.alloc(0), ...parts] = splitMultipart(bytes)
  return { ...raw, bytes, root: documentOf(document), parts }
}
