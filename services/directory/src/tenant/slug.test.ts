import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { slugOf } from './slug.ts'

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/

for (const [name, slug] of [
  ['Acme', 'acme'],
  ['OX Ünited GmbH & Co. KG', 'ox-united-gmbh-co-kg'],
  ['Straßenbau Łódź', 'strassenbau-lodz'],
  ['  -- Acme --  ', 'acme'],
  ['Ærø Œuvre', 'aero-oeuvre'],
  ['東京大学', 'tenant'],
  ['!!!', 'tenant'],
  ['-', 'tenant'],
  ['a'.repeat(50), 'a'.repeat(32)],
  [`${'a'.repeat(31)} b`, 'a'.repeat(31)],
] as const)
  test(`the tenant ${JSON.stringify(name.slice(0, 30))} is called ${slug}`, () =>
    assert.equal(slugOf(name, 1), slug))

test('later tries carry a number, within the same length', () => {
  assert.equal(slugOf('Acme', 2), 'acme-2')
  assert.equal(slugOf('a'.repeat(50), 12), `${'a'.repeat(29)}-12`)
  assert.equal(slugOf(`${'a'.repeat(28)}-bcd`, 999), `${'a'.repeat(28)}-999`)
})

test('whatever the name, the id is one, and tries differ', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.integer({ min: 2, max: 999 }),
      (name, attempt) => {
        assert.match(slugOf(name, 1), SLUG)
        assert.match(slugOf(name, attempt), SLUG)
        assert.notEqual(slugOf(name, 1), slugOf(name, attempt))
      },
    ),
    { numRuns: 2000 },
  )
})
