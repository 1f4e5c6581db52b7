import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupEnd, BackupFile, BackupResponse } from '@relais/proto/standalone/v1/installation.ts'
import { UsageError } from '../usage-error.ts'
import { fileBelow, LIST } from './paths.ts'

export type SavedFile = { readonly path: string; readonly size: number; readonly sha256: string }
export type Saved = { readonly files: number; readonly bytes: number }

const PROGRESS_EVERY_BYTES = 16 * 1024 * 1024

/** Writes what a hot backup streams into a new folder; the list with sizes and hashes comes last. */
export const receiveBackup = async (
  answer: AsyncIterable<BackupResponse>,
  folder: string,
  progress: (line: string) => void,
): Promise<Saved> => {
  await makeNew(folder)
  const receiver = new Receiver(folder, progress)
  try {
    for await (const { part } of answer) {
      if (part?.$case === 'file') await receiver.begin(part.value)
      else if (part?.$case === 'chunk') await receiver.add(part.value)
      else if (part?.$case === 'end') return await receiver.finish(part.value)
    }
  } finally {
    await receiver.close()
  }
  throw new UsageError('the backup ended before its end: try again')
}

const makeNew = async (folder: string) => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new UsageError(`${folder} isn't empty: give a new folder`)
}

type Current = {
  readonly file: BackupFile
  readonly handle: Awaited<ReturnType<typeof open>>
  readonly hash: Hash
  size: number
}

class Receiver {
  readonly #folder: string
  readonly #progress: (line: string) => void
  readonly #saved: SavedFile[] = []
  #current: Current | undefined
  #bytes = 0
  #told = 0

  constructor(folder: string, progress: (line: string) => void) {
    this.#folder = folder
    this.#progress = progress
  }

  async begin(file: BackupFile): Promise<void> {
    await this.close()
    const path = fileBelow(this.#folder, file.path)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    this.#current = { file, handle: await open(path, 'wx', 0o600), hash: createHash('sha256'), size: 0 }
  }

  async add(chunk: Uint8Array): Promise<void> {
    const current = this.#current
    if (current === undefined) throw new UsageError('the backup has bytes that belong to no file')
    await current.handle.write(chunk)
    current.hash.update(chunk)
    current.size += chunk.length
    this.#bytes += chunk.length
    if (this.#bytes - this.#told >= PROGRESS_EVERY_BYTES) this.#tell()
  }

  async finish(end: BackupEnd): Promise<Saved> {
    await this.close()
    if (end.files !== this.#saved.length || end.bytes !== this.#bytes)
      throw new UsageError('the backup is shorter than it says: try again')
    const list = { position: end.position, files: this.#saved }
    await writeFile(join(this.#folder, LIST), `${JSON.stringify(list, null, 1)}\n`, { mode: 0o600 })
    return { files: end.files, bytes: end.bytes }
  }

  async close(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return
    await current.handle.sync()
    await current.handle.close()
    this.#saved.push({ path: current.file.path, size: current.size, sha256: current.hash.digest('hex') })
  }

  #tell() {
    this.#told = this.#bytes
    this.#progress(`${this.#saved.length} files, ${Math.floor(this.#bytes / 1024 / 1024)} MiB`)
  }
}
