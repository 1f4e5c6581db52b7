import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Entry } from './tar.ts'
import type { Workspace } from './workspaces.ts'

/** A package from the registry, as it was installed. */
export type InstalledPackage = {
  readonly name: string
  readonly version: string
  readonly license: string
  /** `node_modules/.pnpm/pg@8.16.3/node_modules/pg` */
  readonly folder: string
}

export type Installed = { readonly entries: readonly Entry[]; readonly packages: readonly InstalledPackage[] }

/** Types, maps and words: nothing reads them when Relais runs. Licences stay. */
const NOT_SHIPPED = /\.d\.[cm]?ts$|\.map$|\.markdown$|(^|\/)(?!licen[cs]e)[^/]*\.md$/i

/**
 * What these workspaces need of node_modules when they run, in pnpm's own form (one folder for each package, links between them):
 * found by walking the links of their dependencies, so that nothing is in it that only development needs.
 */
export const installedFor = (root: string, workspaces: readonly Workspace[]): Installed => {
  const found = new Map<string, InstalledPackage>()
  const links = new Map<string, Entry>()
  const link = (path: string) => {
    const target = realpathSync(join(root, path))
    if (!links.has(path))
      links.set(path, { kind: 'link', path, target: relative(dirname(join(root, path)), target) })
    const folder = relative(root, target)
    if (folder.startsWith('node_modules/.pnpm/')) reach(folder)
  }
  const reach = (folder: string) => {
    if (found.has(folder)) return
    const of = packageAt(root, folder)
    found.set(folder, of)
    const beside = folder.slice(0, folder.length - of.name.length - 1)
    for (const name of packagesIn(join(root, beside))) if (name !== of.name) link(`${beside}/${name}`)
  }
  for (const { folder, dependencies } of workspaces)
    for (const name of dependencies) link(`${folder}/node_modules/${name}`)
  const packages = [...found.values()].sort((one, other) => (one.folder < other.folder ? -1 : 1))
  return {
    packages,
    entries: [...links.values(), ...packages.flatMap(({ folder }) => filesIn(root, folder))],
  }
}

const packageAt = (root: string, folder: string): InstalledPackage => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  return { name, version, license: typeof license === 'string' ? license : 'NOASSERTION', folder }
}

/** `pg`, `@grpc/grpc-js` */
const packagesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
    )

const filesIn = (root: string, folder: string): Entry[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry): Entry[] => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(root, path)
    if (entry.isSymbolicLink()) return [{ kind: 'link', path, target: readlinkSync(join(root, path)) }]
    if (NOT_SHIPPED.test(path) || !entry.isFile()) return []
    const runs = (statSync(join(root, path)).mode & 0o100) !== 0
    return [{ kind: 'file', path, mode: runs ? 0o755 : 0o644, bytes: readFileSync(join(root, path)) }]
  })
