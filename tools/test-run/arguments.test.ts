import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTestArguments } from './arguments.ts'

test('without arguments every test but the soak tests is wanted', () => {
  assert.deepEqual(parseTestArguments([]), { soak: false, paths: [], namePatterns: [] })
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
