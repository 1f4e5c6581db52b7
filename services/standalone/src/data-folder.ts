import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FolderLock, lockFolder } from './sqlite/folder-lock.ts'
import { StartError } from './start-error.ts'
import { writeWhole } from './write-whole.ts'

/** Raised when files of the data folder change their meaning; a folder with a higher number is refused. */
export const DATA_FORMAT = 1

const MARKER = 'relais.json'

/** The folder that holds everything an installation knows; one process at a time. */
export type DataFolder = {
  readonly path: string
  /** True: this start made it. */
  readonly fresh: boolean
  /** Of the log; another one after each restore. */
  readonly incarnation: number
  /** 32 bytes, made at the first use, kept in keys/ with mode 0600, outside of every store. */
  secret(name: string): Buffer
  folder(name: string): string
  close(): void
}

/** `incarnation`: written by a restore, since a restored log gives positions again. */
type Marker = { readonly format: number; readonly incarnation?: number }

/** Opens or makes a data folder. Errors ({@link StartError}): unwritable, foreign, damaged, newer than this program, in use. */
export const openDataFolder = (path: string): DataFolder => {
  makeFolder(path)
  const lock = takeLock(path)
  try {
    return dataFolder(path, { ...checkMarker(path), lock }, () => {})
  } catch (error) {
    lock.release()
    throw error
  }
}

/** A folder that is removed when it is closed. */
export const openTemporaryFolder = (): DataFolder => {
  const path = mkdtempSync(join(tmpdir(), 'relais-'))
  const lock = takeLock(path)
  return dataFolder(path, { ...checkMarker(path), lock }, () =>
    rmSync(path, { recursive: true, force: true }),
  )
}

const makeFolder = (path: string) => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const probe = join(path, `.probe-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw new StartError(`the data folder ${path} can't be written: ${reason(error)}`, { cause: error })
  }
}

const takeLock = (path: string): FolderLock => {
  const lock = lockFolder(join(path, 'lock'))
  if (lock === undefined) throw new StartError(`the data folder ${path} is in use by another process`)
  return lock
}

type Checked = { readonly fresh: boolean; readonly incarnation: number }

const checkMarker = (path: string): Checked => {
  const file = join(path, MARKER)
  const text = readIfThere(file)
  if (text === undefined) {
    refuseForeign(path)
    writeWhole(file, `${JSON.stringify({ format: DATA_FORMAT } satisfies Marker)}\n`)
    return { fresh: true, incarnation: 0 }
  }
  const { format, incarnation = 0 } = parseMarker(file, text)
  if (format > DATA_FORMAT)
    throw new StartError(
      `the data folder ${path} has format ${format}, made by a newer Relais; this one knows up to ${DATA_FORMAT}`,
    )
  return { fresh: false, incarnation }
}

const refuseForeign = (path: string) => {
  const others = readdirSync(path).filter(
    (name) => name !== 'lock' && !name.startsWith('lock-') && !name.startsWith('.'),
  )
  if (others.length > 0)
    throw new StartError(
      `the folder ${path} has files in it but no ${MARKER}: it isn't a data folder of Relais`,
    )
}

const parseMarker = (file: string, text: string): Marker => {
  try {
    const marker: unknown = JSON.parse(text)
    if (isMarker(marker)) return marker
  } catch {
    // said below, with the file's name
  }
  throw new StartError(
    `${file} is damaged: it should say {"format": ${DATA_FORMAT}}; restore it from a backup`,
  )
}

const isMarker = (value: unknown): value is Marker =>
  typeof value === 'object' &&
  value !== null &&
  'format' in value &&
  Number.isInteger(value.format) &&
  (!('incarnation' in value) || Number.isInteger(value.incarnation))

type Opened = Checked & { readonly lock: FolderLock }

const dataFolder = (path: string, { fresh, incarnation, lock }: Opened, after: () => void): DataFolder => ({
  path,
  fresh,
  incarnation,
  secret: (name) => secretIn(join(path, 'keys'), name),
  folder: (name) => {
    const folder = join(path, name)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  },
  close: () => {
    lock.release()
    after()
  },
})

const secretIn = (folder: string, name: string): Buffer => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, name)
  const text = readIfThere(file)
  if (text === undefined) {
    const secret = randomBytes(32)
    writeWhole(file, secret.toString('hex'))
    return secret
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new StartError(`${file} is damaged: it should hold 64 hexadecimal digits`)
  return Buffer.from(text, 'hex')
}

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new StartError(`${file} can't be read: ${reason(error)}`, { cause: error })
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
