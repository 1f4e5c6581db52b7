// npm run verify: everything that must hold of the repository besides its tests. One line per check.
import type { Check } from './verify/check.ts'
import { judge, verdictText } from './verify/check.ts'
import { commandCheck } from './verify/command.ts'
import { docLinks } from './verify/doc-links.ts'
import { errorCodes } from './verify/error-codes.ts'
import { generatedProto } from './verify/generated-proto.ts'
import { referencePages } from './verify/reference-pages.ts'
import { textRules } from './verify/text-rules.ts'

/** dependency-cruiser asks for an older TypeScript; it reads ours with swc. */
const TYPESCRIPT_ADVICE = /missing-tsc-transpiler|TypeScript|^\s+(but not|it's likely|=> Support)/

const CHECKS: readonly Check[] = [
  commandCheck('format and lint', [
    'biome',
    'ci',
    '--colors=off',
    '--error-on-warnings',
    '--max-diagnostics=50',
    '.',
  ]),
  commandCheck('types', ['tsc', '--noEmit', '--pretty', 'false']),
  commandCheck(
    'dependency rules',
    [
      'depcruise',
      '--config',
      'dependency-rules.cjs',
      '--output-type',
      'err-long',
      'packages',
      'services',
      'load-tests',
      'tools',
    ],
    { noise: TYPESCRIPT_ADVICE },
  ),
  textRules,
  errorCodes,
  commandCheck('dead code', ['knip', '--no-progress', '--no-config-hints']),
  commandCheck('contracts', ['buf', 'lint'], { folder: 'proto' }),
  commandCheck('contracts only grow', ['buf', 'breaking', '--against', 'accepted.binpb'], {
    folder: 'proto',
  }),
  generatedProto,
  referencePages,
  docLinks,
]

/** npm runs scripts in the folder of package.json. */
const root = process.cwd()
let failed = 0
for (const check of CHECKS) {
  const verdict = await judge(check, root)
  if (verdict.problems.length > 0) failed += 1
  console.log(verdictText(verdict))
}
console.log(failed === 0 ? 'verify: all is well' : `verify: ${failed} of ${CHECKS.length} checks failed`)
process.exitCode = failed === 0 ? 0 : 1
