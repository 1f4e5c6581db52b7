import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { type MailFile, NO_MARKS } from './mail-file.ts'
import { isFolder, isMaildir, readMaildir } from './maildir.ts'
import { readMbox } from './mbox.ts'

const MAIL_SUFFIXES = new Set(['.eml', '.mbox', '.mbx', '.msg', ''])

/**
 * Every message below a path: an .eml file, an mbox, a Maildir, or a folder of these, whose subfolders and mbox files name mailboxes.
 * Errors: those of the file system, with the path in their message.
 */
export async function* readMailFiles(path: string): AsyncGenerator<MailFile> {
  if (isMaildir(path)) yield* readMaildir(path)
  else if (isFolder(path)) yield* readFolder(path, [])
  else yield* readFile(path, [])
}

async function* readFolder(folder: string, path: readonly string[]): AsyncGenerator<MailFile> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const full = join(folder, entry.name)
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) yield* below(full, [...path, entry.name])
    else if (entry.isFile() && MAIL_SUFFIXES.has(extname(entry.name).toLowerCase()))
      yield* fileInFolder(full, path)
  }
}

async function* below(folder: string, path: readonly string[]): AsyncGenerator<MailFile> {
  if (!isMaildir(folder)) return yield* readFolder(folder, path)
  for await (const message of readMaildir(folder)) yield { ...message, path: [...path, ...message.path] }
}

async function* fileInFolder(file: string, path: readonly string[]): AsyncGenerator<MailFile> {
  const isBox = await beginsAsMbox(file)
  yield* readFile(file, isBox ? [...path, basename(file).replace(/\.mbo?x$/i, '')] : path)
}

async function* readFile(file: string, path: readonly string[]): AsyncGenerator<MailFile> {
  if (!(await beginsAsMbox(file))) {
    const { mtimeMs } = await stat(file)
    const age = extname(file).toLowerCase() === '.eml' ? undefined : mtimeMs
    yield { source: file, path, marks: NO_MARKS, receivedAt: age, chunks: createReadStream(file) }
    return
  }
  let number = 0
  for await (const message of readMbox(createReadStream(file)))
    yield { source: `${file}#${++number}`, path, ...message }
}

/** An .eml file is one message whatever it begins with. */
const beginsAsMbox = async (file: string): Promise<boolean> => {
  if (extname(file).toLowerCase() === '.eml') return false
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 0)
    return bytesRead === 5 && buffer.toString('latin1') === 'From '
  } finally {
    await handle.close()
  }
}
