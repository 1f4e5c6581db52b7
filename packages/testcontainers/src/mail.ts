import { createTransport } from 'nodemailer'

/** A message to put in: its parts, or as it is. */
export type Mail = {
  readonly to: string | readonly string[]
  /** Default: sender@elsewhere.example. */
  readonly from?: string
  readonly subject?: string
  readonly text?: string
  readonly html?: string
  readonly attachments?: readonly { readonly filename: string; readonly content: string | Buffer }[]
  /** The whole message (RFC 5322), instead of the parts above. */
  readonly raw?: string | Buffer
}

/** A message as Relais has it. */
export type ReceivedMail = {
  /** `Inbox`, `Sent Items`, `Work/2026` */
  readonly mailbox: string
  readonly read: boolean
  readonly flagged: boolean
  readonly answered: boolean
  readonly draft: boolean
  readonly subject: string
  /** Bytes of the message, as they came. */
  readonly raw: Buffer
}

const SENDER = 'sender@elsewhere.example'

/** Delivers by LMTP (RFC 2033); resolves when every recipient's was accepted: it is on disk then. Errors: who refused, in the server's words. */
export const deliver = async (server: { host: string; port: number }, mail: Mail): Promise<void> => {
  const { raw, from = SENDER, to } = mail
  const recipients = typeof to === 'string' ? [to] : [...to]
  const transport = createTransport({ ...server, lmtp: true, ignoreTLS: true })
  try {
    const content = raw === undefined ? { ...parts(mail), from, to: recipients } : { raw }
    const { rejected } = await transport.sendMail({ ...content, envelope: { from, to: recipients } })
    if (rejected.length > 0) throw new Error(`refused for ${rejected.join(', ')}`)
  } finally {
    transport.close()
  }
}

const parts = ({ subject = 'No subject', text = '', html, attachments = [] }: Mail) => ({
  subject,
  text,
  ...(html === undefined ? {} : { html }),
  attachments: [...attachments],
})

/**
 * A program for Node: prints what is in a Maildir as JSON and removes it. It runs where the Maildir is, which may be a container
 * that has no shell: `node -e PROGRAM FOLDER`.
 */
export const READ_MAILDIR = `
const { readdirSync, readFileSync, rmSync, existsSync } = require('node:fs')
const { join } = require('node:path')
const folder = process.argv.at(-1)
const found = []
for (const box of ['', ...readdirSync(folder).filter((name) => name[0] === '.')]) {
  const current = join(folder, box, 'cur')
  if (!existsSync(current)) continue
  for (const name of readdirSync(current).sort((a, b) => a.localeCompare(b, 'en', { numeric: true })))
    found.push({ box, name, raw: readFileSync(join(current, name), 'base64') })
}
rmSync(folder, { recursive: true })
process.stdout.write(JSON.stringify(found))
`

type Found = { readonly box: string; readonly name: string; readonly raw: string }

/** What {@link READ_MAILDIR} printed. */
export const mailsIn = (printed: string): readonly ReceivedMail[] =>
  (JSON.parse(printed) as readonly Found[]).map(({ box, name, raw }) => {
    const letters = name.slice(name.lastIndexOf(',') + 1)
    const bytes = Buffer.from(raw, 'base64')
    return {
      mailbox: box === '' ? 'Inbox' : box.slice(1).replaceAll('.', '/'),
      read: letters.includes('S'),
      flagged: letters.includes('F'),
      answered: letters.includes('R'),
      draft: letters.includes('D'),
      subject: subjectOf(bytes),
      raw: bytes,
    }
  })

/** Unfolded (RFC 5322 2.2.3), as it stands there. */
const subjectOf = (raw: Buffer): string => {
  const [head = ''] = raw.toString('latin1').split(/\r?\n\r?\n/, 1)
  const [, subject = ''] = /^subject:[ \t]*(.*(?:\r?\n[ \t].*)*)/im.exec(head) ?? []
  return subject.replace(/\r?\n(?=[ \t])/g, '').trim()
}
