import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fingerprintOf } from './loops.ts'

const nothing = { attachmentName: '', collectionId: '', itemId: '', longId: '' }
const of = (text: string, named: Partial<typeof nothing> = {}) =>
  fingerprintOf(Buffer.from(text), { ...nothing, ...named })

describe('two requests', () => {
  test('are alike if they say the same', () => {
    assert.equal(of('abc'), of('abc'))
    assert.equal(of('', { attachmentName: 'a1:2' }), of('', { attachmentName: 'a1:2' }))
  })
  test('differ by body, its length, or what their query names', () => {
    const all = [
      of(''),
      of('abc'),
      of('abd'),
      of('abc\0'),
      of('', { attachmentName: 'a1:2' }),
      of('', { attachmentName: 'a1:3' }),
      of('abc', { collectionId: 'inbox', itemId: 'a1' }),
      of('abc', { collectionId: 'inbox', itemId: 'a2' }),
      of('abc', { longId: 'l' }),
    ]
    assert.equal(new Set(all).size, all.length)
  })
  test('that are messages differ by their beginning and length', () => {
    const large = Buffer.alloc(1_000_000, 'a')
    const other = Buffer.from(large)
    other[10] = 0
    assert.notEqual(fingerprintOf(large, nothing), fingerprintOf(other, nothing))
    assert.notEqual(fingerprintOf(large, nothing), fingerprintOf(large.subarray(1), nothing))
  })
})
