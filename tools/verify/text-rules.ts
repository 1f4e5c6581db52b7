import { dirname } from 'node:path'
import type { Check } from './check.ts'
import { isTestCode, linesWith, readFiles, readSources, type SourceFile } from './source-files.ts'

/** A rule that is seen in the text of a file. */
export type TextRule = {
  readonly name: string
  /** What to do instead. */
  readonly remedy: string
  readonly applies: (file: SourceFile, domain: ReadonlySet<string>) => boolean
  readonly forbidden: RegExp
}

const inProduct = ({ path }: SourceFile) => /^(packages|services)\//.test(path) && !isTestCode(path)

const isDomain = (file: SourceFile, domain: ReadonlySet<string>) =>
  inProduct(file) && domain.has(dirname(file.path))

const isComment = /^\s*(\/\/|\*|\/\*)/

/** Rules of TypeScript files; domain folders are those that have a decide.ts. */
export const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'environment variables are read in main.ts only',
    remedy: 'take the value from the configuration',
    applies: (file) => inProduct(file) && !/^services\/[^/]+\/src\/main\.ts$/.test(file.path),
    forbidden: /\bprocess\.env\b/,
  },
  {
    name: 'a domain folder has no clock',
    remedy: 'the time comes with the command',
    applies: isDomain,
    forbidden:
      /\bDate\.now\b|\bnew Date\(\)|\bTemporal\.Now\b|\bperformance\.now\b|\bset(Timeout|Interval|Immediate)\b/,
  },
  {
    name: 'a domain folder has no chance',
    remedy: 'ids come with the command',
    applies: isDomain,
    forbidden: /\bMath\.random\b|\brandom(UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/,
  },
  {
    name: 'api contains no SQL',
    remedy: 'ask a query of the folder queries',
    applies: (file) => inProduct(file) && /^services\/[^/]+\/src\/api\//.test(file.path),
    forbidden: /['"`]\s*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE)\s/,
  },
  {
    name: 'no index.ts but that of a workspace',
    remedy: 'import the file that has it',
    applies: ({ path }) =>
      /\/index\.ts$/.test(path) && !/^(packages|services)\/[^/]+\/src\/index\.ts$/.test(path),
    forbidden: /^/,
  },
]

const domainFolders = (files: readonly SourceFile[]): ReadonlySet<string> =>
  new Set(files.filter(({ path }) => path.endsWith('/decide.ts')).map(({ path }) => dirname(path)))

/** What breaks the rules, as `path:line: text (what to do instead)`. */
export const breaches = (files: readonly SourceFile[], rules: readonly TextRule[] = TEXT_RULES): string[] => {
  const domain = domainFolders(files)
  return rules.flatMap(({ name, remedy, applies, forbidden }) => {
    const found = files
      .filter((file) => applies(file, domain))
      .flatMap((file) => linesWith(file, forbidden))
      .filter((line) => !isComment.test(line.replace(/^\S+: /, '')))
    return found.length === 0 ? [] : [[`${name}: ${remedy}`, ...found].join('\n  ')]
  })
}

/** The longest file that is still one thing. */
const MAX_LINES = 400

export const tooLong = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => !isTestCode(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines; a file of over ${MAX_LINES} is more than one thing`)

/** The word is put together: this file would find itself. */
const OPEN_WORK = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b(?!\\s*\\(#\\d+\\))`)

export const openWork = (files: readonly SourceFile[]): string[] =>
  files.flatMap((file) => linesWith(file, OPEN_WORK)).map((line) => `${line} (name its issue, or do it)`)

export const textRules: Check = {
  name: 'text rules',
  run: async (root) => {
    const sources = readSources(root)
    const written = readFiles(root, /\.(ts|mjs|cjs|proto|md|yaml|yml|sh)$/)
    return [...breaches(sources), ...tooLong(sources), ...openWork(written)]
  },
}
