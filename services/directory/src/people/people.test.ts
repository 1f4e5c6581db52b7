import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { inOrder, isNamed, MAX_WORDS, type Person, wordsOf } from './people.ts'

const person = (some: Partial<Person> = {}): Person => ({
  account: 'u_1',
  address: 'zoe.bell@acme.example',
  aliases: ['zb@acme.example'],
  displayName: 'Zoë Bell-Ångström',
  attributes: { firstName: 'Zoë', alias: 'zozo' },
  ...some,
})
const found = (query: string) => isNamed(person(), wordsOf(query))

describe('a person', () => {
  for (const query of [
    'zoe',
    'ZOË',
    'bell',
    'ang',
    'bell zoe',
    'Bell, Z',
    'zoe.bell@acme',
    'zb@',
    'zozo',
    '"Zoë" <zoe.bell@acme.example>',
    'acme',
  ])
    test(`is named by ${query}`, () => assert.equal(found(query), true))
  for (const query of ['oe', 'ell', 'zoe smith', 'office'])
    test(`is not named by ${query}`, () => assert.equal(found(query), false))
})

test('a query has few words, and none is empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (query) => {
      const words = wordsOf(query)
      assert.ok(words.length <= MAX_WORDS && words.every((word) => word !== ''))
    }),
  )
})

test('whoever is called by the first word of a name is found by every beginning of it', () => {
  const name = fc.stringMatching(/^[a-z]{1,12}$/)
  fc.assert(
    fc.property(name, name, fc.nat(11), (first, last, length) => {
      const one = person({ displayName: `${first} ${last}` })
      assert.ok(isNamed(one, wordsOf(first.slice(0, length + 1))))
    }),
  )
})

test('people are in the order of their names, those without one by their addresses', () => {
  const people = [
    person({ account: '1', displayName: 'Özil', address: 'o@x.example' }),
    person({ account: '2', displayName: '', address: 'nobody@x.example' }),
    person({ account: '3', displayName: 'Anna', address: 'b@x.example' }),
    person({ account: '4', displayName: 'Anna', address: 'a@x.example' }),
  ]
  assert.deepEqual(
    inOrder(people).map(({ account }) => account),
    ['4', '3', '2', '1'],
  )
})
