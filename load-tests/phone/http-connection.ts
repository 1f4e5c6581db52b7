import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

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
}

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void }

const HEAD_END = Buffer.from('\r\n\r\n')

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

  close(): void {
    this.#waiting = undefined
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #opened(): Socket {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket
    const { host, port, secure, from } = this.#address
    const place = { host, port, ...(from === undefined ? {} : { localAddress: from }) }
    const socket = secure ? connectTls({ ...place, rejectUnauthorized: false }) : connectTcp(place)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => this.#failed(new Error('the connection was closed')))
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
    if (end === -1) return
    this.#answerHead = bytes.toString('latin1', 0, end)
    this.#missing = Number(/^content-length: *(\d+)/im.exec(this.#answerHead)?.[1] ?? 0)
    this.#rest = Buffer.alloc(0)
    this.#begunAt = 0
    const body = bytes.subarray(end + HEAD_END.length)
    if (this.#missing === 0) this.#complete(body)
    else if (body.length > 0) this.#add(body)
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
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body, begunAt: this.#begunAt })
  }
}
