import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressList, displayList } from './addresses.ts'

const ann = { name: 'Ann Bell', address: 'ann@example.org' }
const bob = { name: '', address: 'bob@example.org' }

describe('addresses', () => {
  test('with a name are quoted, without one they stand alone', () => {
    assert.equal(addressList([ann, bob]), '"Ann Bell" <ann@example.org>, bob@example.org')
  })
  test('names with quotes and backslashes are escaped (RFC 5322 §3.2.4)', () => {
    assert.equal(addressList([{ name: 'A "B" \\ C', address: 'a@b' }]), '"A \\"B\\" \\\\ C" <a@b>')
  })
  test('none are an empty text', () => assert.equal(addressList([]), ''))
  test('a list is cut between its members, never within one', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => ({ name: '', address: `user${n}@example.org` }))
    const list = addressList(many)
    assert.ok(list.length <= 32_768)
    const members = list.split(', ')
    assert.equal(members.at(-1), `user${members.length - 1}@example.org`)
  })
  test('a single member that is too long is left out', () => {
    assert.equal(addressList([{ name: 'x'.repeat(40_000), address: 'a@b' }]), '')
  })
  test('to be shown are names, or addresses where there is none', () => {
    assert.equal(displayList([ann, bob]), 'Ann Bell; bob@example.org')
  })
})
