import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appPasswordLetters, makeAppPassword } from './app-password.ts'

/** Gives the bytes again and again. */
const repeating = (bytes: readonly number[]) => {
  let at = 0
  return (count: number) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length] ?? 0)
}

test('an app password is four groups of four letters', () => {
  assert.equal(makeAppPassword(repeating([0, 1, 2, 3])), 'abcd-abcd-abcd-abcd')
})

test('a byte that would favour some letters is not used', () => {
  assert.equal(makeAppPassword(repeating([255, 254, 253, 22])), 'zzzz-zzzz-zzzz-zzzz')
})

test('no letter is one that is taken for another or for a digit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(252), { minLength: 1, maxLength: 40 }), (bytes) => {
      assert.match(makeAppPassword(repeating(bytes)), /^(?:[a-hjkmnp-z]{4}-){3}[a-hjkmnp-z]{4}$/)
    }),
  )
})

test('every letter comes up equally often', () => {
  const counts = new Map<string, number>()
  const all = Array.from({ length: 253 }, (_, byte) => byte)
  const letters = Array.from({ length: 253 }, () => '')
  const next = repeating(all)
  for (let made = 0; made < letters.length; made++)
    for (const letter of makeAppPassword(next).replaceAll('-', ''))
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
  assert.equal(new Set(counts.values()).size, 1)
  assert.equal(counts.size, 23)
})

for (const typed of [
  'abcd-efgh-jkmn-pqrs',
  'abcdefghjkmnpqrs',
  'ABCD EFGH JKMN PQRS',
  'Abcd-efgh-jkmn-pqrs',
  ' abcd - efgh-jkmn pqrs ',
])
  test(`an app password may be typed ${JSON.stringify(typed)}`, () =>
    assert.equal(appPasswordLetters(typed), 'abcdefghjkmnpqrs'))

for (const other of [
  '',
  'secret',
  'abcd-efgh-jkmn-pqr',
  'abcd-efgh-jkmn-pqrst',
  'abcd-efgh-jkmn-pqr1',
  'ab-cdef-ghjk-mnpqrs',
  `abcd${' '.repeat(100_000)}`,
])
  test(`${JSON.stringify(other.slice(0, 24))} can't be one`, () =>
    assert.equal(appPasswordLetters(other), undefined))
