import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

type Waiting = { told(line: string): void; failed(error: Error): void }

/** Of a server's replies that nobody has read yet. */
const MOST_BUFFERED = 1024 * 1024

/** One LMTP connection that delivers one message after the other; or one of SMTP, to a server that takes mail without a sign-in. */
export class LmtpSender {
  readonly #socket: Socket
  readonly #protocol: 'lmtp' | 'smtp'
  #buffered = ''
  #waiting: Waiting | undefined
  #ended: Error | undefined

  private constructor(socket: Socket, protocol: 'lmtp' | 'smtp') {
    this.#socket = socket
    this.#protocol = protocol
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#received(chunk.toString('latin1')))
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => this.#failed(new Error('the connection was closed')))
  }

  /** `signal` ends the connection, whatever it does then. */
  static async connect(
    host: string,
    port: number,
    {
      protocol = 'lmtp',
      signal,
    }: { readonly protocol?: 'lmtp' | 'smtp'; readonly signal?: AbortSignal } = {},
  ): Promise<LmtpSender> {
    signal?.throwIfAborted()
    const socket = connect({ host, port })
    const end = () => void socket.destroy(new Error('the run ended'))
    signal?.addEventListener('abort', end)
    socket.once('close', () => signal?.removeEventListener('abort', end))
    await once(socket, 'connect')
    const sender = new LmtpSender(socket, protocol)
    try {
      sender.#expect('220', await sender.#reply())
      await sender.#command(`${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} load.example`)
    } catch (error) {
      socket.destroy()
      throw error
    }
    return sender
  }

  /** Resolves when the message is accepted; the time is that of the last byte sent, in milliseconds of `performance.now()`. */
  deliver(recipient: string, message: Buffer, sentAt?: (at: number) => void): Promise<void> {
    return this.deliverToAll([recipient], message, sentAt)
  }

  /** The same to several, in one transaction. Errors: one of them wasn't accepted. */
  async deliverToAll(
    recipients: readonly string[],
    message: Buffer,
    sentAt?: (at: number) => void,
  ): Promise<void> {
    const to = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`).join('')
    this.#socket.write(`MAIL FROM:<sender@elsewhere.example>\r\n${to}DATA\r\n`)
    for (const expected of ['250', ...recipients.map(() => '250'), '354'])
      this.#expect(expected, await this.#reply())
    const bytes = Buffer.concat([stuffed(message), Buffer.from('\r\n.\r\n')])
    this.#socket.write(bytes, () => sentAt?.(performance.now()))
    // RFC 2033, 4.2: LMTP answers for each recipient.
    const replies = this.#protocol === 'lmtp' ? recipients.length : 1
    for (let n = 0; n < replies; n++) this.#expect('250', await this.#reply())
  }

  close(): void {
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
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((told, failed) => {
      this.#waiting = { told, failed }
    })
  }

  #failed(error: Error): void {
    this.#ended ??= error
    this.#waiting?.failed(this.#ended)
    this.#waiting = undefined
  }

  #received(text: string): void {
    this.#buffered += text
    if (this.#buffered.length > MOST_BUFFERED) this.#socket.destroy(new Error('replies without end'))
    const waiting = this.#waiting
    if (waiting === undefined || !this.#buffered.includes('\r\n')) return
    this.#waiting = undefined
    void this.#line().then(waiting.told)
  }
}

const DOT = 0x2e

/** RFC 5321, 4.5.2: a line that begins with a dot gets another one, or the message would end there. */
const stuffed = (message: Buffer): Buffer =>
  message[0] === DOT || message.includes('\n.')
    ? Buffer.from(message.toString('latin1').replace(/(^|\n)\./g, '$1..'), 'latin1')
    : message
