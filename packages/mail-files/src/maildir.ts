import { createReadStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { MailFile, Marks, OutgoingMailFile } from './mail-file.ts'

/** Is there a Maildir here? It has cur and new. */
export const isMaildir = (folder: string): boolean =>
  ['cur', 'new'].every((name) => isFolder(join(folder, name)))

/** Messages of a Maildir and its Maildir++ subfolders (".Work.2026" is Work / 2026). */
export async function* readMaildir(folder: string): AsyncGenerator<MailFile> {
  yield* readOne(folder, [])
  for (const name of (await readdir(folder)).sort())
    if (name.startsWith('.') && isMaildir(join(folder, name)))
      yield* readOne(
        join(folder, name),
        name
          .slice(1)
          .split('.')
          .filter((part) => part !== ''),
      )
}

async function* readOne(folder: string, path: readonly string[]): AsyncGenerator<MailFile> {
  for (const half of ['new', 'cur']) {
    const names = (await readdir(join(folder, half))).filter((name) => !name.startsWith('.')).sort()
    for (const name of names) {
      const file = join(folder, half, name)
      yield {
        source: file,
        path,
        marks: marksOf(name),
        receivedAt: receivedAt(name, file),
        chunks: createReadStream(file),
      }
    }
  }
}

/** "1700000000.M5P7.host:2,FS" → flagged and seen. */
const marksOf = (name: string): Marks => {
  const letters = /[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? ''
  const has = (letter: string) => letters.includes(letter)
  return { seen: has('S'), answered: has('R'), flagged: has('F'), draft: has('D') }
}

const receivedAt = (name: string, file: string): number => {
  const seconds = /^(\d{9,10})\./.exec(name)?.[1]
  return seconds === undefined ? statSync(file).mtimeMs : Number(seconds) * 1000
}

export type MailWriter = {
  write(message: OutgoingMailFile): Promise<void>
  close(): Promise<void>
}

/** Writes a Maildir with Maildir++ subfolders; each file is there whole or not at all. */
export const createMaildirWriter = (folder: string): MailWriter => {
  let count = 0
  maildirFor(folder, [])
  return {
    write: async (message) => {
      const target = maildirFor(folder, message.path)
      const name = `${Math.floor((message.receivedAt ?? 0) / 1000)}.R${++count}.relais`
      const temporary = join(target, 'tmp', name)
      await writeChunks(temporary, message.chunks)
      renameSync(temporary, join(target, 'cur', `${name}:2,${lettersOf(message.marks)}`))
    },
    close: async () => {},
  }
}

const maildirFor = (folder: string, path: readonly string[]) => {
  const target = path.length === 0 ? folder : join(folder, `.${path.map(safeName).join('.')}`)
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(target, name), { recursive: true })
  return target
}

/** A mailbox name as one level of a file name. */
export const safeName = (name: string): string => {
  const safe = name.replace(/[\p{Cc}/\\:.]/gu, '_').slice(0, 100)
  return safe === '' ? '_' : safe
}

/** Letters in ASCII order, as the Maildir specification wants them. */
const lettersOf = (marks: Marks) =>
  [marks.draft && 'D', marks.flagged && 'F', marks.answered && 'R', marks.seen && 'S']
    .filter(Boolean)
    .join('')

export const writeChunks = async (file: string, chunks: AsyncIterable<Uint8Array>) => {
  const handle = await open(file, 'wx', 0o600)
  try {
    for await (const chunk of chunks) await handle.write(chunk)
  } finally {
    await handle.close()
  }
}

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
