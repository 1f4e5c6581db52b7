import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One LMTP connection that delivers one message after the other. */
export class LmtpSender {
  readonly #socket: Socket
  #buffered = ''
  #waiting: ((line: string) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#received(chunk.toString('latin1')))
  }

  static async connect(host: string, port: number): Promise<LmtpSender> {
    const socket = connect({ host, port })
    await once(socket, 'connect')
    const sender = new LmtpSender(socket)
    await sender.#reply()
    await sender.#command('LHLO load.example')
    return sender
  }

  /** Resolves when the message is accepted; the time is that of the last byte sent, in milliseconds of `performance.now()`. */
  async deliver(recipient: string, message: Buffer, sentAt?: (at: number) => void): Promise<void> {
    this.#socket.write(`MAIL FROM:<sender@elsewhere.example>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`)
    for (const expected of ['250', '250', '354']) this.#expect(expected, await this.#reply())
    this.#socket.write(Buffer.concat([message, Buffer.from('\r\n.\r\n')]), () => sentAt?.(performance.now()))
    this.#expect('250', await this.#reply())
  }

  close(): void {
    this.#socket.on('error', () => {}) // the server may be gone before the QUIT
    this.#socket.end('QUIT\r\n')
    this.#socket.unref()
  }

  async #command(line: string): Promise<void> {
    this.#socket.write(`${line}\r\n`)
    this.#expect('250', await this.#reply())
  }

  #expect(code: string, reply: string): void {
    if (!reply.startsWith(code)) throw new Error(`LMTP: ${reply}`)
  }

  async #reply(): Promise<string> {
    for (;;) {
      const line = await this.#line()
      if (line[3] !== '-') return line
    }
  }

  #line(): Promise<string> {
    const end = this.#buffered.indexOf('\r\n')
    if (end !== -1) {
      const line = this.#buffered.slice(0, end)
      this.#buffered = this.#buffered.slice(end + 2)
      return Promise.resolve(line)
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  #received(text: string): void {
    this.#buffered += text
    const waiting = this.#waiting
    if (waiting === undefined || !this.#buffered.includes('\r\n')) return
    this.#waiting = undefined
    void this.#line().then(waiting)
  }
}
