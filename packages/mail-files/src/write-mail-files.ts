import { mkdirSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createMaildirWriter, type MailWriter, safeName, writeChunks } from './maildir.ts'
import { mboxEntry } from './mbox.ts'

export const MAIL_FORMATS = ['mbox', 'eml', 'maildir'] as const
export type MailFormat = (typeof MAIL_FORMATS)[number]

/** Writes messages below a folder that must be new or empty: an mbox per mailbox, an .eml per message, or a Maildir. */
export const createMailWriter = (folder: string, format: MailFormat): MailWriter => {
  mkdirSync(folder, { recursive: true })
  return { mbox: createMboxWriter, eml: createEmlWriter, maildir: createMaildirWriter }[format](folder)
}

const createMboxWriter = (folder: string): MailWriter => ({
  write: async (message) => {
    const { parent, last } = split(message.path)
    const file = join(await made(folder, parent), `${last}.mbox`)
    for await (const chunk of mboxEntry(message)) await appendFile(file, chunk)
  },
  close: async () => {},
})

const createEmlWriter = (folder: string): MailWriter => {
  let count = 0
  return {
    write: async (message) => {
      const target = await made(folder, message.path.map(safeName))
      await writeChunks(join(target, `${String(++count).padStart(6, '0')}.eml`), message.chunks)
    },
    close: async () => {},
  }
}

const split = (path: readonly string[]) => {
  const names = path.length === 0 ? ['Inbox'] : path.map(safeName)
  return { parent: names.slice(0, -1), last: names.at(-1) ?? 'Inbox' }
}

const made = async (folder: string, names: readonly string[]) => {
  const target = join(folder, ...names)
  await mkdir(target, { recursive: true })
  return target
}
