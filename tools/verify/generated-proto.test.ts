import assert from 'node:assert/strict'
import test from 'node:test'
import { differences } from './generated-proto.ts'

const files = (...entries: [string, string][]) => new Map(entries)

test('equal files differ in nothing', () => {
  assert.deepEqual(differences(files(['a.ts', '1']), files(['a.ts', '1'])), [])
})

test('changed, missing and left-over files differ', () => {
  const made = files(['a.ts', '1'], ['new.ts', '1'])
  assert.deepEqual(differences(made, files(['a.ts', '2'], ['old.ts', '1'])), ['a.ts', 'new.ts', 'old.ts'])
})
