import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const modules = fileURLToPath(new URL('../../../tools/go/', import.meta.url))

/** What stands between a machine and a program it lacks. */
export class ProgramMissingError extends Error {}

/**
 * Path of a program that `tools/go/NAME` pins: built by Go the first time it is asked for, then kept in the user's cache.
 * Statically linked, so that it also runs in an image of its own. Two processes may ask at once.
 * Errors: {@link ProgramMissingError} where Go isn't found or can't build it.
 */
export const pinnedProgram = async (name: string): Promise<string> => {
  const module = join(modules, name)
  const file = join(cacheFolder(), `${name}-${versionOf(module)}`)
  if (!existsSync(file))
    await inTurn(`${file}.building`, async () => existsSync(file) || (await build(module, file)))
  return file
}

const cacheFolder = (): string => {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'programs')
  mkdirSync(folder, { recursive: true })
  return folder
}

const manifest = (module: string): string => readFileSync(join(module, 'go.mod'), 'utf8')

/** The package that the module's `tool` line names; without one the module is the program, put together from libraries. */
const packageOf = (module: string): string => /^tool (\S+)$/m.exec(manifest(module))?.[1] ?? '.'

const versionOf = (module: string): string => {
  const program = packageOf(module)
  if (program === '.') return ownVersion(module)
  const required = [...manifest(module).matchAll(/^(?:require )?\s*(\S+) v(\S+)(?: \/\/.*)?$/gm)]
  return must(
    required
      .map(([, path = '', version = '']) => (program.startsWith(path) ? [path, version] : null))
      .find(Boolean) ?? null,
    'the version of its tool',
  )
}

/** Of what it is put together from. */
const ownVersion = (module: string): string =>
  createHash('sha256')
    .update(manifest(module))
    .update(readFileSync(join(module, 'main.go')))
    .digest('hex')
    .slice(0, 12)

const must = (found: readonly string[] | null, what: string): string => {
  if (found?.[1] === undefined) throw new Error(`a module in tools/go lacks ${what}`)
  return found[1]
}

const LOOK_MS = 250

/** Processes that want the same program at once wait for the first one's: each building it costs minutes. */
const inTurn = async (lock: string, work: () => Promise<unknown>): Promise<void> => {
  while (!isTaken(lock)) await pause(LOOK_MS)
  try {
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

const isTaken = (lock: string): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (!holderLives(lock)) rmSync(lock, { force: true })
    return false
  }
}

/** Whoever began may have been killed. A lock without a number yet was made just now. */
const holderLives = (lock: string): boolean => {
  try {
    const holder = readFileSync(lock, 'utf8')
    return holder === '' || process.kill(Number(holder), 0)
  } catch {
    return false
  }
}

/** Built beside its place, then renamed: nobody sees half a program. */
const build = async (module: string, file: string): Promise<void> => {
  const half = `${file}.${process.pid}`
  const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', half, packageOf(module)]
  try {
    await run('go', args, {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    })
    renameSync(half, file)
  } catch (error) {
    rmSync(half, { force: true })
    throw new ProgramMissingError(`${file} can't be built: ${reason(error)}`, { cause: error })
  }
}

const reason = (error: unknown): string => {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string }
  return code === 'ENOENT' ? 'Go is not installed' : (stderr ?? message).trim().split('\n').at(-1) || message
}
