import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

export type Delivery = {
  /** `relais-lmtp:24` */
  readonly server: string
  readonly recipient: string
  readonly subject: string
}

const PATIENCE_MS = 30_000

/** Delivers one small message by LMTP (RFC 2033). Errors: any answer but the expected one, or none within half a minute. */
export const deliver = async ({ server, recipient, subject }: Delivery): Promise<void> => {
  const colon = server.lastIndexOf(':')
  const socket = connect({ host: server.slice(0, colon), port: Number(server.slice(colon + 1)) })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('LMTP: no answer within 30 seconds')))
  const failed = once(socket, 'error').then(([error]: Error[]) => Promise.reject(error))
  const talk = conversation(socket, { recipient, subject })
  try {
    await Promise.race([talk, failed])
  } finally {
    socket.destroy()
  }
}

const conversation = async (
  socket: ReturnType<typeof connect>,
  { recipient, subject }: Omit<Delivery, 'server'>,
): Promise<void> => {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const message = [
    ...[`Subject: ${subject}`, `Message-ID: <${subject}@check.invalid>`, `To: <${recipient}>`],
    ...['From: <check@check.invalid>', `Date: ${new Date().toUTCString()}`],
    ...['Auto-Submitted: auto-generated', '', 'Made by a check of the installation.', '.'],
  ].join('\r\n')
  const dialogue: readonly (readonly [string | undefined, string])[] = [
    [undefined, '220'],
    ['LHLO check.invalid', '250'],
    ['MAIL FROM:<check@check.invalid>', '250'],
    [`RCPT TO:<${recipient}>`, '250'],
    ['DATA', '354'],
    [message, '250'],
  ]
  for (const [said, expected] of dialogue) {
    if (said !== undefined) socket.write(`${said}\r\n`)
    const reply = await replyOf(lines)
    if (!reply.startsWith(expected)) throw new Error(`LMTP: ${reply}`)
  }
}

/** The last line of an answer. */
const replyOf = async (lines: AsyncIterator<string>): Promise<string> => {
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error('LMTP: the connection ended')
    if (value[3] !== '-') return value
  }
}
