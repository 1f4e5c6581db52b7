import { execFileSync } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TestArguments } from './arguments.ts'

/** What properties.ts reads in a test file's process. */
export const SEED_VARIABLE = 'PROPERTY_SEED'

/** The name of all that is committed, whoever committed it and when. */
const treeOf = (root: string): string => {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', 'HEAD^{tree}'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  } catch {
    return '' // not from a repository
  }
}

/**
 * Of what property tests try, of 31 bits. npm test tries the same things whenever it runs on the same commit, so that its verdict is the
 * commit's, and others once something is changed; npm run soak tries new ones each time.
 */
export const seedOf = (root: string, { soak, seed }: Pick<TestArguments, 'soak' | 'seed'>): number =>
  seed ??
  (soak ? randomInt(2 ** 31) : createHash('sha256').update(treeOf(root)).digest().readUInt32BE() >>> 1)

const PROPERTIES = fileURLToPath(new URL('./properties.ts', import.meta.url))

/** Node's flags for a test file: none for one without properties, which needn't load what they need. */
export const propertyFlags = (file: string): readonly string[] =>
  readFileSync(file, 'utf8').includes("from 'fast-check'") ? ['--import', PROPERTIES] : []
