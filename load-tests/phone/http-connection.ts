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
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = this.#rest.indexOf(HEAD_END)
    if (end === -1) return
    this.#begunAt ||= this.#rest.length > end + HEAD_END.length ? performance.now() : 0
    const head = this.#rest.toString('latin1', 0, end)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    const bodyStart = end + HEAD_END.length
    if (this.#rest.length < bodyStart + length) return
    const body = this.#rest.subarray(bodyStart, bodyStart + length)
    this.#rest = this.#rest.subarray(bodyStart + length)
    const waiting = this.#waiting
    this.#waiting = undefined
    const begunAt = this.#begunAt
    this.#begunAt = 0
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body, begunAt })
  }
}
