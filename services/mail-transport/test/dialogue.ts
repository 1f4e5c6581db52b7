import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A client that says exactly the bytes it is told, and reads replies: what a polite library would never do can be tried. */
export class Dialogue {
  readonly #socket: Socket
  #text = ''
  #closed = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake?.()
    })
    socket.on('error', () => {}) // seen as the end of the connection
    socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  /** `first`: what is said before the server greets. */
  static async open(port: number, first = ''): Promise<Dialogue> {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    const dialogue = new Dialogue(socket)
    dialogue.send(first)
    await dialogue.reply()
    return dialogue
  }

  send(bytes: string): void {
    this.#socket.write(Buffer.from(bytes, 'latin1'))
  }

  /** Says a line and returns the reply's last line. */
  async say(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return this.reply()
  }

  /** The next reply, its lines joined; '' if the other side hung up. */
  async reply(): Promise<string> {
    for (;;) {
      const complete = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#text)?.[0]
      if (complete !== undefined) {
        this.#text = this.#text.slice(complete.length)
        return complete.trimEnd()
      }
      if (this.#closed) return ''
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** MAIL, RCPT and DATA; the message goes as it is, with the end behind it. */
  async transact(sender: string, recipients: readonly string[], message: string): Promise<void> {
    await this.say(`MAIL FROM:<${sender}>`)
    for (const recipient of recipients) await this.say(`RCPT TO:<${recipient}>`)
    await this.say('DATA')
    this.send(`${message}\r\n.\r\n`)
  }

  cut(): void {
    this.#socket.destroy()
  }
}
