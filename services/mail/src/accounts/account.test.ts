import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldAddress, isOwnAddress } from './account.ts'

const mike = { addresses: ['mike@ox.io', 'x+y@ox.io', 'mike@müller.example'] }

test('addresses are compared without regard to case and to how a domain is written', () => {
  assert.equal(foldAddress(' Mike@OX.io '), 'mike@ox.io')
  assert.equal(foldAddress('mike@XN--MLLER-KVA.example'), 'mike@müller.example')
  assert.equal(foldAddress('nobody'), 'nobody')
  assert.equal(foldAddress('mike@xn--'), foldAddress('mike@xn--'))
})

test("an account's addresses are its own, with any sub-address (RFC 5233)", () => {
  for (const own of [
    'mike@ox.io',
    'MIKE@ox.io',
    'mike+a@ox.io',
    'mike+a+b@ox.io',
    'x+y@ox.io',
    'mike@xn--mller-kva.example',
  ]) {
    assert.equal(isOwnAddress(mike, own), true, own)
  }
})

test('what only looks like one is not', () => {
  for (const foreign of [
    '',
    '@',
    '+a@ox.io',
    'mike',
    'mike@ox.io.evil',
    'evil+mike@ox.io',
    'mike@evil+ox.io',
    'x@ox.io',
    'mike@@ox.io',
  ]) {
    assert.equal(isOwnAddress(mike, foreign), false, foreign)
  }
})
