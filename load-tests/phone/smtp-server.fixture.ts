import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

/** What a server does at each moment; undefined where it goes on as usual. */
export type Manners = {
  readonly greeting?: string
  readonly hello?: string
  /** Replies to a recipient. */
  readonly recipient?: (line: string) => string | undefined
  /** Replies after a message, one for each recipient of LMTP. */
  readonly message?: (recipients: number) => readonly string[] | undefined
  /** Whether it speaks at all. */
  readonly silentAfter?: RegExp
}

export type SmtpServer = {
  readonly host: string
  readonly port: number
  /** Every line that it heard, without those of messages. */
  readonly heard: string[]
  /** Messages as they came, with what SMTP puts before a dot. */
  readonly messages: string[]
  readonly connections: () => { readonly all: number; readonly open: number }
}

/** A server of LMTP or SMTP, as far as a sender can tell. */
export const startSmtpServer = async (context: TestContext, manners: Manners = {}): Promise<SmtpServer> => {
  const heard: string[] = []
  const messages: string[] = []
  const open = new Set<Socket>()
  let all = 0
  const server = createServer((socket) => {
    all++
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    converse(socket, manners, { heard, messages })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', port, heard, messages, connections: () => ({ all, open: open.size }) }
}

type Notes = { readonly heard: string[]; readonly messages: string[] }

const converse = (socket: Socket, manners: Manners, { heard, messages }: Notes): void => {
  let recipients = 0
  let message: string[] | undefined
  let isLmtp = true
  const reply = (line: string) => void socket.write(`${line}\r\n`)
  reply(manners.greeting ?? '220 here')
  const lines = createInterface({ input: socket }).on('error', () => {})
  lines.on('line', (line) => {
    if (message !== undefined && line !== '.') return void message.push(line)
    if (manners.silentAfter?.test(line)) return
    if (message !== undefined) {
      messages.push(message.join('\r\n'))
      message = undefined
      const each = Array.from({ length: isLmtp ? recipients : 1 }, () => '250 taken')
      for (const one of manners.message?.(recipients) ?? each) reply(one)
      return
    }
    heard.push(line)
    if (/^(LHLO|EHLO)/.test(line)) {
      isLmtp = line.startsWith('LHLO')
      reply(manners.hello ?? '250-here\r\n250 8BITMIME')
    } else if (line.startsWith('MAIL')) {
      recipients = 0
      reply('250 ok')
    } else if (line.startsWith('RCPT')) {
      recipients++
      reply(manners.recipient?.(line) ?? '250 ok')
    } else if (line === 'DATA') {
      message = []
      reply('354 go on')
    } else reply(line === 'QUIT' ? '221 bye' : '250 ok')
  })
}
