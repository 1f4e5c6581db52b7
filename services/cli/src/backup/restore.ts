import { createHash, randomInt } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UsageError } from '../usage-error.ts'
import { fileBelow, LIST } from './paths.ts'
import type { Saved, SavedFile } from './receive.ts'

const PROGRESS_EVERY = 1000

/**
 * Makes a data folder from a backup: every file is compared with the list's size and hash on the way. The folder gets its name
 * only when it is whole, so a restore that is cut short leaves nothing that looks like data.
 */
export const restoreBackup = async (
  from: string,
  to: string,
  progress: (line: string) => void,
): Promise<Saved> => {
  const files = await readList(from)
  await refuseFilled(to)
  const partial = `${to.replace(/\/+$/, '')}.restoring`
  await rm(partial, { recursive: true, force: true })
  let bytes = 0
  for (const [index, file] of files.entries()) {
    await copyChecked(file, from, partial)
    bytes += file.size
    if ((index + 1) % PROGRESS_EVERY === 0) progress(`${index + 1} of ${files.length} files`)
  }
  await beginIncarnation(join(partial, MARKER))
  await rm(to, { recursive: true, force: true })
  await rename(partial, to)
  return { files: files.length, bytes }
}

const MARKER = 'relais.json'

/** A restored log gives positions again that phones may know already: keys of before must not be taken for keys of after. */
const beginIncarnation = async (file: string): Promise<void> => {
  const marker: unknown = JSON.parse(await readFile(file, 'utf8'))
  const incarnation = randomInt(1, 2 ** 24)
  await writeFile(file, `${JSON.stringify({ ...(marker as object), incarnation })}\n`, { mode: 0o600 })
}

const readList = async (from: string): Promise<readonly SavedFile[]> => {
  const text = await readFile(join(from, LIST), 'utf8').catch((error: Error) => {
    throw new UsageError(`${from} isn't a whole backup: ${error.message}`, { cause: error })
  })
  const list: unknown = JSON.parse(text)
  if (typeof list === 'object' && list !== null && 'files' in list && Array.isArray(list.files))
    return list.files
  throw new UsageError(`${join(from, LIST)} is damaged`)
}

const refuseFilled = async (to: string) => {
  const names = await readdir(to).catch(() => [])
  if (names.length > 0) throw new UsageError(`${to} isn't empty: nothing is overwritten; give a new folder`)
}

const copyChecked = async (file: SavedFile, from: string, to: string) => {
  const target = fileBelow(to, file.path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  const watched = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(
    createReadStream(fileBelow(from, file.path)),
    watched,
    createWriteStream(target, { mode: 0o600, flush: true }),
  )
  if (hash.digest('hex') !== file.sha256) throw new UsageError(`${file.path} of the backup is damaged`)
}
