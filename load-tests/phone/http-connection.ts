import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls'

export type Answer = {
  readonly status: number
  readonly head: string
  readonly body: Buffer
  /** When the first byte of the body was there, by performance.now(). */
  readonly begunAt: number
}
export type Address = {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** Own address; default: the system's choice. */
  readonly from?: string
  /** Over TLS: certificates are checked, by these authorities or those that Node comes with; default: not checked. */
  readonly trust?: { readonly ca?: string }
  /** Over TLS: whom it must be, where that isn't `host`. */
  readonly servername?: string
  /** Bytes of the largest answer that is taken. */
  readonly maxBody?: number
}

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void }

/** The server ends the connection after it: the next request takes another one (RFC 9112, 9.6). */
const LAST_ANSWER = /^connection: *close\r?$/im

const HEAD_END = Buffer.from('\r\n\r\n')
const MAX_HEAD = 64 * 1024
const MAX_BODY = 256 * 1024 * 1024

/** One kept-alive HTTP/1.1 connection with one request at a time; leaner than any client library. Answers must carry Content-Length. */
export class HttpConnection {
  readonly #address: Address
  #socket: Socket | undefined
  #rest: Buffer = Buffer.alloc(0)
  #begunAt = 0
  #answerHead = ''
  /** Bytes of the body that are still to come, and those that are there. */
  #missing = 0
  readonly #body: Buffer[] = []
  #waiting: Waiting | undefined

  constructor(address: Address) {
    this.#address = address
  }

  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#opened().write(request)
    })
  }

  /** What waits for an answer waits in vain. */
  close(): void {
    this.#waiting = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  /** Ends the connection; what waits for an answer is told so. */
  cut(reason: string): void {
    this.#socket?.destroy()
    this.#failed(new Error(reason))
  }

  #opened(): Socket {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket
    const socket = connect(this.#address)
    socket.setNoDelay(true)
    // What was ended goes on for a moment, and is not heard: another one may have taken its place.
    const isOurs = () => this.#socket === socket
    socket.on('data', (chunk: Buffer) => isOurs() && this.#received(chunk))
    socket.on('error', (error) => isOurs() && this.#failed(error))
    socket.on('close', () => isOurs() && this.#failed(new Error('the connection was closed')))
    this.#rest = Buffer.alloc(0)
    this.#missing = 0
    this.#body.length = 0
    this.#socket = socket
    return socket
  }

  #failed(error: Error): void {
    this.#socket = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }

  #received(chunk: Buffer): void {
    if (this.#missing > 0) this.#add(chunk)
    else this.#head(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]))
  }

  #head(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END)
    this.#rest = bytes
    if (end === -1 && bytes.length <= MAX_HEAD) return
    this.#answerHead = bytes.toString('latin1', 0, Math.min(bytes.length, Math.max(0, end)))
    this.#missing = Number(/^content-length: *(\d+)/im.exec(this.#answerHead)?.[1] ?? 0)
    const unreadable = this.#unreadable(end)
    if (unreadable === undefined) this.#begun(bytes.subarray(end + HEAD_END.length))
    else this.cut(unreadable)
  }

  #begun(body: Buffer): void {
    this.#rest = Buffer.alloc(0)
    this.#begunAt = 0
    if (this.#missing === 0) this.#complete(body)
    else if (body.length > 0) this.#add(body)
  }

  #unreadable(headEnd: number): string | undefined {
    const { maxBody = MAX_BODY } = this.#address
    if (headEnd === -1) return 'the head of an answer has no end'
    if (this.#missing > maxBody) return `an answer of ${this.#missing} bytes`
    return /^transfer-encoding:/im.test(this.#answerHead) ? 'an answer without Content-Length' : undefined
  }

  /** Pieces are joined once, at the end: answers may have megabytes. */
  #add(chunk: Buffer): void {
    this.#begunAt ||= performance.now()
    this.#body.push(chunk.subarray(0, this.#missing))
    const after = chunk.subarray(this.#missing)
    this.#missing -= Math.min(this.#missing, chunk.length)
    if (this.#missing === 0) this.#complete(after)
  }

  #complete(after: Buffer): void {
    const head = this.#answerHead
    const pieces = this.#body.splice(0)
    const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#rest = after
    if (LAST_ANSWER.test(head)) this.close()
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body, begunAt: this.#begunAt })
  }
}

const connect = ({ host, port, secure, from, trust, servername }: Address): Socket => {
  const place = { host, port, ...(from === undefined ? {} : { localAddress: from }) }
  if (!secure) return connectTcp(place)
  const checked = trust === undefined ? {} : { rejectUnauthorized: true, ...trust }
  const named = servername === undefined ? {} : mustBe(servername)
  return connectTls({ ...place, rejectUnauthorized: false, ...checked, ...named })
}

/** RFC 6066, 3: an address is no name that is asked for, but the certificate must be its own. */
const mustBe = (servername: string): Partial<ConnectionOptions> =>
  isIP(servername) === 0
    ? { servername }
    : { checkServerIdentity: (_, certificate) => checkServerIdentity(servername, certificate) }
