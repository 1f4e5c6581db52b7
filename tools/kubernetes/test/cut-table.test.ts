import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutTable } from '../src/cut-table.ts'

test('what passes in either direction between the two sides is dropped, and nothing else', () => {
  const { cut } = cutTable(['10.244.1.2', '10.244.2.2'], ['10.244.3.9'])
  const rules = cut.split('\n').filter((line) => line.endsWith(' drop'))
  assert.deepEqual(
    rules.map((line) => line.trim()),
    [
      'ip saddr { 10.244.1.2, 10.244.2.2 } ip daddr { 10.244.3.9 } drop',
      'ip saddr { 10.244.3.9 } ip daddr { 10.244.1.2, 10.244.2.2 } drop',
    ],
  )
  assert.match(cut, /policy accept/)
})

test('mended, the rules are gone as a whole', () => {
  const { cut, mend } = cutTable(['10.244.1.2'], ['10.244.3.9'])
  const [, name] = /^table ip (\w+) /.exec(cut) ?? []
  assert.equal(mend, `delete table ip ${name}\n`)
})
