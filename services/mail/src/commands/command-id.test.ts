import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_NAME_LENGTH } from '@relais/event-log'
import fc from 'fast-check'
import { commandIdOf } from './command-id.ts'

test('a command id is what it is derived from, readable while it is short', () => {
  assert.equal(commandIdOf('deliver', 'u_1', 3), 'deliver/u_1/3')
})

test('a long one is hashed, and two long ones differ', () => {
  const [a, b] = ['a', 'b'].map((end) => commandIdOf('x'.repeat(5000), end))
  assert.notEqual(a, b)
  assert.match(a!, /^sha256:[0-9a-f]{64}$/)
  assert.equal(commandIdOf('x'.repeat(5000), 'a'), a)
})

test('the log takes every one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 400 })),
      (parts) => commandIdOf(...parts).length <= MAX_NAME_LENGTH,
    ),
  )
})
