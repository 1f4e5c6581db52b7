import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageOf } from './log-reader.ts'
import { types } from './values.ts'

const parse = (oid: number, text: string) => types.getTypeParser(oid)(text)

test('bytes come back from their hex digits, as plain bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(parse(17, `\\x${Buffer.from(bytes).toString('hex')}`), bytes)
    }),
  )
})

test('positions are numbers, booleans are booleans, and what is unknown stays text', () => {
  assert.equal(parse(20, '9007199254740991'), Number.MAX_SAFE_INTEGER)
  assert.equal(parse(23, '7'), 7)
  assert.deepEqual([parse(16, 't'), parse(16, 'f')], [true, false])
  assert.equal(parse(25, 'ä'), 'ä')
})

const row = (position: number, bytes: number) => ({ position, record: new Uint8Array(bytes) })

test('a page that is not full says that there is no more', () => {
  assert.deepEqual(pageOf([], { batch: 5 }), { commits: [], caughtUp: true })
  assert.equal(pageOf([row(1, 0), row(2, 0)], { batch: 2 }).caughtUp, false)
  assert.equal(pageOf([row(1, 0), row(2, 0)], { batch: 3 }).caughtUp, true)
})
