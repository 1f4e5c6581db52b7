import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
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
  const [program = '.'] = toolsOf(module)
  return builtOnce(module, [program])
}

/** Path of the same program where it was built before; undefined: {@link pinnedProgram} would build it, which takes minutes for some. */
export const builtProgram = (name: string): string | undefined => {
  const place = placeOf(join(modules, name))
  return existsSync(place) ? place : undefined
}

/**
 * Folder of the programs that `tools/go/NAME` pins with several `tool` lines, each named as the last part of its package's path.
 * Built, kept and missing as by {@link pinnedProgram}.
 */
export const pinnedPrograms = async (name: string): Promise<string> => {
  const module = join(modules, name)
  return builtOnce(module, toolsOf(module))
}

const builtOnce = async (module: string, packages: readonly string[]): Promise<string> => {
  const place = placeOf(module)
  if (!existsSync(place))
    await inTurn(
      `${place}.building`,
      async () => existsSync(place) || (await build({ module, packages, place })),
    )
  return place
}

const placeOf = (module: string): string => join(cacheFolder(), `${basename(module)}-${versionOf(module)}`)

const cacheFolder = (): string => {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'programs')
  mkdirSync(folder, { recursive: true })
  return folder
}

const manifest = (module: string): string => readFileSync(join(module, 'go.mod'), 'utf8')

/** Packages that the module's `tool` lines name; without one the module is the program, put together from libraries. */
const toolsOf = (module: string): readonly string[] =>
  [...manifest(module).matchAll(/^(?:tool |\t)([^\s(]\S*)$/gm)].map(([, path = '']) => path)

/** What the build of a module needs beside its packages; `tools/go/NAME/build.json`, where there is one. */
type Particulars = {
  /** Build tags. */
  readonly tags?: readonly string[]
  /** It needs a C compiler: then it isn't statically linked. */
  readonly cgo?: boolean
  /** Go variables that are set by the linker. */
  readonly variables?: Readonly<Record<string, string>>
}

const particularsOf = (module: string): Particulars => {
  const file = join(module, 'build.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

const versionOf = (module: string): string => {
  const [program] = toolsOf(module)
  if (program === undefined) return ownVersion(module)
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

type Build = { readonly module: string; readonly packages: readonly string[]; readonly place: string }

/** Built beside its place, then renamed: nobody sees half a program. */
const build = async ({ module, packages, place }: Build): Promise<void> => {
  const half = `${place}.${process.pid}`
  const { cgo = false } = particularsOf(module)
  if (packages.length > 1) mkdirSync(half, { recursive: true })
  try {
    await run('go', ['build', ...flagsOf(module), '-o', half, ...packages], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: cgo ? '1' : '0', GOFLAGS: '', GOWORK: 'off' },
    })
    renameSync(half, place)
  } catch (error) {
    rmSync(half, { recursive: true, force: true })
    throw new ProgramMissingError(`${place} can't be built: ${reason(error)}`, { cause: error })
  }
}

const flagsOf = (module: string): readonly string[] => {
  const { tags = [], variables = {} } = particularsOf(module)
  const set = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`)
  const tagged = tags.length === 0 ? [] : ['-tags', tags.join(',')]
  return ['-mod=readonly', '-trimpath', ...tagged, '-ldflags', `-s -w${set.join('')}`]
}

const reason = (error: unknown): string => {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string }
  return code === 'ENOENT' ? 'Go is not installed' : (stderr ?? message).trim().split('\n').at(-1) || message
}
