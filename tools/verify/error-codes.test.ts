import assert from 'node:assert/strict'
import test from 'node:test'
import type { ErrorRow } from '@relais/service-kit/error-table.ts'
import { codesIn, unlisted } from './error-codes.ts'

const codes = (text: string) =>
  codesIn({ path: 'a.ts', text }).map(({ code, retryable }) => [code, retryable])

test('codes of terminal and retryable errors are found, also over lines', () => {
  assert.deepEqual(codes("throw terminal('NOT_FOUND', 'x')\nthrow retryable(\n  'CONFLICT',\n  'y')"), [
    ['NOT_FOUND', false],
    ['CONFLICT', true],
  ])
})

test('codes of error classes are found', () => {
  assert.deepEqual(
    codes("class A extends Error {\n  readonly code = 'GONE'\n  readonly retryable = false\n}"),
    [['GONE', false]],
  )
})

test('codes of errors that are made at length are found', () => {
  assert.deepEqual(codes("new RelaisError('GONE', `no x`, true)"), [['GONE', true]])
})

test('the place of a code is its line', () => {
  assert.equal(codesIn({ path: 'a.ts', text: "\n\nterminal('GONE', '')" })[0]?.place, 'a.ts:3')
})

const table: Record<string, ErrorRow> = {
  GONE: { status: 'NOT_FOUND', retryable: false, meaning: 'It is gone.' },
}

test('a code that the table lacks is found, also one that every object has', () => {
  const thrown = ['LATER', 'constructor'].map((code) => ({ code, retryable: false, place: 'a.ts:1' }))
  assert.equal(unlisted(thrown, table).length, 2)
})

test('a code that the table knows otherwise is found', () => {
  assert.equal(unlisted([{ code: 'GONE', retryable: true, place: 'a.ts:1' }], table).length, 1)
  assert.deepEqual(unlisted([{ code: 'GONE', retryable: false, place: 'a.ts:1' }], table), [])
})
