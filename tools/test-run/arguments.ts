import { parseArgs } from 'node:util'

export type TestArguments = {
  readonly soak: boolean
  /** Parts of paths, relative to the root; none: every test file. */
  readonly paths: readonly string[]
  readonly namePatterns: readonly string[]
}

/** What `npm test -- …` and `npm run soak -- …` were asked for. Throws on a flag that isn't known. */
export const parseTestArguments = (argv: readonly string[]): TestArguments => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      soak: { type: 'boolean', default: false },
      'test-name-pattern': { type: 'string', multiple: true, default: [] },
    },
  })
  return {
    soak: values.soak,
    paths: positionals.map((path) => path.replace(/^\.\//, '').replace(/\/$/, '')),
    namePatterns: values['test-name-pattern'],
  }
}
