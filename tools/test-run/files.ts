import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { TestArguments } from './arguments.ts'

const FOLDERS = ['packages', 'services', 'load-tests', 'tools', 'deploy']
const SKIPPED = new Set(['node_modules', 'fixtures', 'data'])

/** A test that takes longer when this variable is set says so by reading it; the runner sets it with --soak. */
export const SOAK_VARIABLE = 'SOAK_TESTS'

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory())
      return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : filesUnder(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })

const existing = (root: string) => {
  const present = new Set(readdirSync(root))
  return FOLDERS.filter((folder) => present.has(folder))
}

const isSoak = (path: string) => path.endsWith('.soak.test.ts')

/** Slow kinds first: the last minutes are then short tests that spread over the cores. */
const rank = (path: string) => (path.endsWith('.e2e.test.ts') ? 0 : path.endsWith('.int.test.ts') ? 1 : 2)

/** Absolute paths of the test files that the arguments ask for. */
export const findTestFiles = (root: string, { soak, paths }: TestArguments): string[] =>
  existing(root)
    .flatMap((folder) => filesUnder(join(root, folder)))
    .filter((path) =>
      soak ? isSoak(path) || readFileSync(path, 'utf8').includes(SOAK_VARIABLE) : !isSoak(path),
    )
    .filter((path) => paths.length === 0 || paths.some((wanted) => relative(root, path).includes(wanted)))
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
