import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

export type TestArguments = {
  readonly soak: boolean
  /** Parts of paths, relative to the root; none: every test file. */
  readonly paths: readonly string[]
  readonly namePatterns: readonly string[]
  /** Of what property tests try, of 31 bits; undefined: see seedOf. */
  readonly seed: number | undefined
}

const MAX_SEED = 2 ** 31 - 1

const readSeed = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (text === 'random') return randomInt(MAX_SEED)
  const seed = Number(text)
  if (!/^\d+$/.test(text) || seed > MAX_SEED)
    throw new Error(`--seed is a whole number up to ${MAX_SEED}, or random; not ${JSON.stringify(text)}`)
  return seed
}

/** What `npm test -- …` and `npm run soak -- …` were asked for. Throws on a flag that isn't known. */
export const parseTestArguments = (argv: readonly string[]): TestArguments => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      soak: { type: 'boolean', default: false },
      'test-name-pattern': { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
    },
  })
  return {
    soak: values.soak,
    paths: positionals.map((path) => path.replace(/^\.\//, '').replace(/\/$/, '')),
    namePatterns: values['test-name-pattern'],
    seed: readSeed(values.seed),
  }
}
