import { existsSync, readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../../../../../shared/corpus/mail/', import.meta.url)

export type CorpusMessage = { readonly name: string; readonly bytes: Buffer }

const filesIn = (collection: string): CorpusMessage[] =>
  readdirSync(new URL(`${collection}/`, FOLDER))
    .sort()
    .map((name) => ({
      name: `${collection}/${name}`,
      bytes: readFileSync(new URL(`${collection}/${name}`, FOLDER)),
    }))

/** Real messages of public test collections; none where they aren't at hand. */
export const corpus: readonly CorpusMessage[] = existsSync(FOLDER)
  ? readdirSync(FOLDER).sort().flatMap(filesIn)
  : []

/** For `skip`: a plain line where there are none. */
export const withoutCorpus: string | false =
  corpus.length === 0 ? 'no corpus of real messages beside the repository' : false
