import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type SourceFile = {
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly text: string
}

/** Files that belong to the repository or are about to: tracked, or new and not ignored. */
export const listFiles = (root: string): string[] => {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`)
  return [...new Set(stdout.split('\0'))].filter((path) => path !== '' && existsSync(join(root, path)))
}

export const readFiles = (root: string, pattern: RegExp): SourceFile[] =>
  listFiles(root)
    .filter((path) => pattern.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** TypeScript that people wrote. */
export const readSources = (root: string): SourceFile[] =>
  readFiles(root, /^(packages|services|load-tests|tools|deploy)\/.*\.ts$/).filter(
    ({ path }) => !path.startsWith('packages/proto/src/'),
  )

/** Made for tests: may do what the product may not. */
export const isTestCode = (path: string): boolean =>
  /\.(test|fixture)\.ts$|\/test\/|^packages\/(testing|servers|testcontainers)\/|\/contract(-suite\.ts$|\/)|^load-tests\//.test(
    path,
  )

/** Lines of a file that a pattern finds, as `path:line: text`. */
export const linesWith = ({ path, text }: SourceFile, pattern: RegExp): string[] =>
  text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []))
