import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LateWriteError } from './errors.ts'

test('a write that was refused late says by which code, and nothing of the row', () => {
  const refused = Object.assign(new Error('invalid input syntax for type integer: "secret"'), {
    code: '22P02',
  })
  const { message, cause } = new LateWriteError(refused)
  assert.match(message, /refused: 22P02$/)
  assert.equal(cause, refused)
  assert.match(new LateWriteError(new TypeError('secret')).message, /refused: TypeError$/)
  assert.match(new LateWriteError('secret').message, /refused: string$/)
})
