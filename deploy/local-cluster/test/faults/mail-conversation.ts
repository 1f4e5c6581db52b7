import { connect, type Socket } from 'node:net'

/**
 * How one attempt to hand a mail over ended. `refused`: before the message was sent whole, so it can't be there. `uncertain`: after
 * that, without a 250; a sender repeats it, and it may be there twice (RFC 5321 4.5.4.1).
 */
export type Attempt = 'acknowledged' | 'refused' | 'uncertain'

export type Mail = { readonly recipient: string; readonly text: string }
export type MailPort = {
  readonly protocol: 'lmtp' | 'smtp'
  readonly port: number
  readonly timeoutMs?: number
}

/** A recipient or a message is refused for good; the sender would tell its author. */
export class RejectedMail extends Error {}

/** One connection, one mail. Errors: {@link RejectedMail} on a 5xx reply. */
export const attemptMail = async (
  { protocol, port, timeoutMs = 30_000 }: MailPort,
  mail: Mail,
): Promise<Attempt> => {
  const conversation = new Conversation(connect(port, '127.0.0.1'), timeoutMs)
  let sentWhole = false
  try {
    await conversation.expect('220')
    await conversation.say(protocol === 'lmtp' ? 'LHLO faults.example' : 'EHLO faults.example', '250')
    await conversation.say('MAIL FROM:<sender@faults.example>', '250')
    await conversation.say(`RCPT TO:<${mail.recipient}>`, '250')
    await conversation.say('DATA', '354')
    sentWhole = true
    await conversation.say(`${mail.text}\r\n.`, '250')
    return 'acknowledged'
  } catch (error) {
    if (error instanceof RejectedMail) throw error
    return sentWhole ? 'uncertain' : 'refused'
  } finally {
    conversation.end()
  }
}

class Conversation {
  readonly #socket: Socket
  #heard = ''
  #broken: Error | undefined
  #told: () => void = () => {}

  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
    socket.on('data', (chunk) => {
      this.#heard += chunk.toString('latin1')
      this.#told()
    })
    socket.on('error', (error) => this.#break(error))
    socket.on('close', () => this.#break(new Error('the connection was closed')))
  }

  async say(line: string, code: string): Promise<void> {
    this.#socket.write(`${line}\r\n`)
    await this.expect(code)
  }

  async expect(code: string): Promise<void> {
    const reply = await this.#reply()
    if (reply.startsWith('5')) throw new RejectedMail(reply)
    if (!reply.startsWith(code)) throw new Error(reply)
  }

  end(): void {
    this.#socket.destroy()
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#told()
  }

  /** The last line of the next reply. */
  async #reply(): Promise<string> {
    for (;;) {
      const whole = /^(?:\d{3}-[^\n]*\n)*(\d{3}(?: [^\r\n]*)?)\r?\n/.exec(this.#heard)
      if (whole !== null) {
        this.#heard = this.#heard.slice(whole[0].length)
        return whole[1] ?? ''
      }
      if (this.#broken !== undefined) throw this.#broken
      await new Promise<void>((resolve) => {
        this.#told = resolve
      })
    }
  }
}
