import { ERROR_TABLE, type ErrorRow } from '@relais/service-kit/error-table.ts'
import type { Check } from './check.ts'
import { isTestCode, readSources, type SourceFile } from './source-files.ts'

export type ThrownCode = { readonly code: string; readonly retryable: boolean; readonly place: string }

const FACTORY = /\b(terminal|retryable)\(\s*'([A-Z][A-Z0-9_]*)'/g
const CLASS = /\bcode(?:: string)? = '([A-Z][A-Z0-9_]*)'[^}]{0,200}?\bretryable(?:: boolean)? = (true|false)/g
const CONSTRUCTED = /\bnew RelaisError\(\s*'([A-Z][A-Z0-9_]*)',[^)]{0,300}?,\s*(true|false)\b/g

const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length

/** Codes that a file's errors have: of `terminal`, `retryable`, `new RelaisError` and of error classes with both fields. */
export const codesIn = ({ path, text }: SourceFile): ThrownCode[] => {
  const found = (index: number, code: string, retryable: boolean) => ({
    code,
    retryable,
    place: `${path}:${lineOf(text, index)}`,
  })
  return [
    ...[...text.matchAll(FACTORY)].map(({ index, 1: kind, 2: code }) =>
      found(index, code ?? '', kind === 'retryable'),
    ),
    ...[...text.matchAll(CLASS), ...text.matchAll(CONSTRUCTED)].map(({ index, 1: code, 2: may }) =>
      found(index, code ?? '', may === 'true'),
    ),
  ]
}

/** Codes that the table lacks, or that it says something else of. */
export const unlisted = (
  thrown: readonly ThrownCode[],
  table: Readonly<Record<string, ErrorRow>> = ERROR_TABLE,
): string[] =>
  thrown.flatMap(({ code, retryable, place }) => {
    if (!Object.hasOwn(table, code))
      return [`${place}: ${code} isn't in packages/service-kit/src/error-table.ts`]
    return table[code]?.retryable === retryable
      ? []
      : [`${place}: ${code} is ${retryable ? 'retryable' : 'terminal'} here, and the table says otherwise`]
  })

export const errorCodes: Check = {
  name: 'error codes',
  run: async (root) => {
    const thrown = readSources(root)
      .filter(({ path }) => /^(packages|services)\//.test(path) && !isTestCode(path))
      .flatMap(codesIn)
    return unlisted(thrown)
  },
}
