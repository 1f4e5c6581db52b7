import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTestArguments } from './arguments.ts'

test('without arguments every test but the soak tests is wanted', () => {
  assert.deepEqual(parseTestArguments([]), { soak: false, paths: [], namePatterns: [], seed: undefined })
})

test('paths are taken with or without ./ and /', () => {
  assert.deepEqual(parseTestArguments(['./services/mail/', 'packages']).paths, ['services/mail', 'packages'])
})

test('name patterns are taken after = or as the next argument, as often as given', () => {
  const { namePatterns } = parseTestArguments(['--test-name-pattern=a b', '--test-name-pattern', 'c'])
  assert.deepEqual(namePatterns, ['a b', 'c'])
})

test('--soak asks for the soak tests', () => {
  assert.equal(parseTestArguments(['--soak', 'packages/event-log']).soak, true)
})

test('a flag that is not known is refused', () => {
  assert.throws(() => parseTestArguments(['--wacth']), /--wacth/)
})

test('the seed of property tests is a number, or any', () => {
  assert.equal(parseTestArguments(['--seed=17']).seed, 17)
  const { seed } = parseTestArguments(['--seed', 'random'])
  assert.ok(Number.isInteger(seed))
})

for (const text of ['', 'x', '-1', '1.5', '1e3', '2147483648', ' 1'])
  test(`${JSON.stringify(text)} is no seed`, () => {
    assert.throws(() => parseTestArguments([`--seed=${text}`]), /--seed is a whole number/)
  })
