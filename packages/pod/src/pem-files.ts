import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { terminal } from '@relais/service-kit'

/** Files in PEM by what they are, and their text. */
type Texts<Name extends string> = Readonly<Record<Name, string>>

export type PemFiles<Name extends string> = {
  /** As they were when they were last read well. */
  current(): Texts<Name>
  close(): void
}

export type PemFilesOptions<Name extends string> = {
  readonly files: Texts<Name>
  /** Takes over what was read; throws where it can't be used, and what was there before stays. Also called at the start. */
  use(texts: Texts<Name>): void
  /** A new state of the files that can't be used. */
  complain(reason: string): void
}

/** Renewal tools write in several steps: wait until they are quiet. */
const SETTLE_MS = 200
/** Some file systems tell of no change. */
const LOOK_AGAIN_MS = 60_000

/** Reads files and goes on to do so when they change. Errors: TLS_FILE_UNREADABLE, and those of `use`. */
export const watchPemFiles = <Name extends string>(options: PemFilesOptions<Name>): PemFiles<Name> => {
  const { files, use, complain } = options
  let texts = readAll(files)
  use(texts)
  const reread = () => {
    try {
      const next = readAll(files)
      if (Object.entries(next).every(([name, text]) => text === texts[name as Name])) return
      use(next)
      texts = next
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error))
    }
  }
  const close = watchFolders(Object.values(files), reread)
  return { current: () => texts, close }
}

const readAll = <Name extends string>(files: Texts<Name>): Texts<Name> =>
  Object.fromEntries(
    Object.entries<string>(files).map(([name, file]) => [name, readText(file)]),
  ) as Texts<Name>

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw terminal('TLS_FILE_UNREADABLE', `${file} can't be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const watchFolders = (files: readonly string[], changed: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(changed, SETTLE_MS)
  }
  const watchers = [...new Set(files.map(dirname))].map((folder): FSWatcher => {
    const watcher = watch(folder, { persistent: false }, soon)
    return watcher.on('error', () => watcher.close()) // the folder went away: looking again remains
  })
  const slow = setInterval(changed, LOOK_AGAIN_MS).unref()
  return () => {
    clearTimeout(timer)
    clearInterval(slow)
    for (const watcher of watchers) watcher.close()
  }
}
