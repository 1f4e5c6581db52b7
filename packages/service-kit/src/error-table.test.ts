import assert from 'node:assert/strict'
import test from 'node:test'
import { ERROR_TABLE, errorReference, statusOf } from './error-table.ts'

for (const [code, { meaning }] of Object.entries(ERROR_TABLE)) {
  test(`${code} is upper snake case and means a sentence`, () => {
    assert.match(code, /^[A-Z]+(_[A-Z0-9]+)*$/)
    assert.match(meaning, /^[A-Z].*\.$/)
  })
}

test('a code of the table has its status', () => {
  assert.equal(statusOf('CONFLICT', true), 'ABORTED')
})

test('a code of a later version has a status by whether it may be tried again', () => {
  assert.equal(statusOf('OF_A_LATER_VERSION', true), 'UNAVAILABLE')
  assert.equal(statusOf('OF_A_LATER_VERSION', false), 'FAILED_PRECONDITION')
})

for (const code of ['toString', '__proto__', 'constructor', '']) {
  test(`${JSON.stringify(code)} is no code of the table`, () => {
    assert.equal(statusOf(code, false), 'FAILED_PRECONDITION')
  })
}

test('the reference has a row for every code', () => {
  const rows = errorReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.equal(rows.length, Object.keys(ERROR_TABLE).length)
  assert.ok(
    rows.includes('| `CANCELLED` | yes | CANCELLED | The caller gave up before the answer was there. |'),
  )
})
