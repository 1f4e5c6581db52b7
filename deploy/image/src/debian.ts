import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from './architecture.ts'
import { output } from './commit-files.ts'
import { readTar } from './read-tar.ts'
import type { Entry } from './tar.ts'

/** A pinned binary package of Debian. */
export type DebianPackage = {
  readonly name: string
  readonly version: string
  /** Of the .deb, by architecture. */
  readonly sha256: Readonly<Record<Architecture, string>>
}

/** What Node's binary is linked with, and what the C library loads to look names up. */
const LIBRARIES =
  /(^|\/)(ld-linux[^/]*|libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|libresolv\.so\.2|libnss_(files|dns)\.so\.2|libstdc\+\+\.so\.6[\d.]*|libatomic\.so\.1[\d.]*|libgcc_s\.so\.1)$/
const COPYRIGHT = /^usr\/share\/doc\/[^/]+\/copyright$/

/** The libraries and copyright files of the packages, as they lie in Debian. Errors: a package that isn't the pinned one. */
export const debianLibraries = async (
  packages: readonly DebianPackage[],
  architecture: Architecture,
  cache: string,
): Promise<readonly Entry[]> => {
  const entries: Entry[] = []
  for (const one of packages) {
    const file = await fetched(one, architecture, cache)
    const archive = await output('dpkg-deb', ['--fsys-tarfile', file], cache)
    entries.push(
      ...readTar(archive).filter(
        ({ kind, path }) => kind !== 'folder' && (LIBRARIES.test(path) || COPYRIGHT.test(path)),
      ),
    )
  }
  return entries.filter(
    // Documents of packages that share one source are links to each other's folders.
    ({ path }, n) => entries.findIndex((other) => other.path === path) === n,
  )
}

const fetched = async (one: DebianPackage, architecture: Architecture, cache: string): Promise<string> => {
  mkdirSync(cache, { recursive: true })
  const file = join(cache, `${one.name}_${one.version}_${architecture}.deb`)
  if (!existsSync(file)) await download(one, architecture, { cache, file })
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (sha256 === one.sha256[architecture]) return file
  rmSync(file)
  throw new Error(
    `${one.name} ${one.version} for ${architecture} has SHA-256 ${sha256}, which is not the pinned one`,
  )
}

/** apt with lists of its own: neither the machine's state nor its architecture matters, only its sources do. */
const download = async (
  { name, version }: DebianPackage,
  architecture: Architecture,
  { cache, file }: { readonly cache: string; readonly file: string },
): Promise<void> => {
  const state = join(cache, `apt-${architecture}`)
  const into = join(state, String(process.pid))
  for (const folder of ['lists/partial', 'cache/archives/partial', String(process.pid)])
    mkdirSync(join(state, folder), { recursive: true })
  const options = [
    ...['-qq', '-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::Cache=${state}/cache`],
    ...['-o', `APT::Architecture=${architecture}`, '-o', `APT::Architectures::=${architecture}`],
    ...['-o', 'APT::Sandbox::User=', '-o', 'Acquire::Languages=none'],
  ]
  const get = () => output('apt-get', [...options, 'download', `${name}=${version}`], into)
  await get().catch(async () => {
    await output('apt-get', [...options, 'update'], into)
    await get()
  })
  const debName = `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`
  renameSync(join(into, debName), file)
  rmSync(into, { recursive: true })
}
