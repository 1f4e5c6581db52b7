import assert from 'node:assert/strict'
import test from 'node:test'
import { judge, verdictText } from './check.ts'

test('a check that finds nothing is one line', async () => {
  const verdict = await judge({ name: 'types', run: async () => [] }, '.')
  assert.match(verdictText(verdict), /^✔ types \(\d+\.\d s\)$/)
})

test('what a check finds stands under its line, in full', () => {
  assert.equal(
    verdictText({ name: 'types', ms: 1234, problems: ['a.ts: one\n\n  two\n', 'b.ts'] }),
    '✖ types (1.2 s)\n    a.ts: one\n\n      two\n    b.ts',
  )
})

test('a check that breaks down has not passed', async () => {
  const { problems } = await judge({ name: 'x', run: () => Promise.reject(new Error('no such tool')) }, '.')
  assert.match(problems.join(), /no such tool/)
})
