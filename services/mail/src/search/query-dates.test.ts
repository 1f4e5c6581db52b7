import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseDates } from './query-dates.ts'

const NOW = Date.UTC(2026, 0, 31, 12)
const day = 86_400_000
const at = Date.UTC(2026, 0, 31)

describe('MS-KQL 2.1.6: what stands behind received: and sent:', () => {
  test('is one day, an open end, or two days', () => {
    assert.deepEqual(parseDates('2026-01-31', NOW), { after: at - 1, before: at + day })
    assert.deepEqual(parseDates('=1/31/2026', NOW), { after: at - 1, before: at + day })
    assert.deepEqual(parseDates('>2026-01-31', NOW), { after: at + day - 1, before: 0 })
    assert.deepEqual(parseDates('<=2026-01-31', NOW), { after: 0, before: at + day })
    assert.deepEqual(parseDates('2026-01-31..2026-02-28', NOW), {
      after: at - 1,
      before: Date.UTC(2026, 2, 1),
    })
  })

  for (const text of [
    '',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '13/1/2026',
    '>',
    '..',
    '2026-01-31..',
    '>2026-01-01..2026-01-02',
    '1901-01-01',
  ])
    test(`isn’t "${text}"`, () => assert.equal(parseDates(text, NOW), undefined))

  const named = (text: string, now: number) => {
    const range = parseDates(text, now)
    return range && [range.after + 1, range.before].map((time) => new Date(time).toISOString().slice(0, 10))
  }
  test('may be a word that counts from now', () => {
    assert.deepEqual(named('today', NOW), ['2026-01-31', '2026-02-01'])
    assert.deepEqual(named('=Yesterday', NOW), ['2026-01-30', '2026-01-31'])
    assert.deepEqual(named('this month', NOW), ['2026-01-01', '2026-02-01'])
    assert.deepEqual(named('last month', NOW), ['2025-12-01', '2026-01-01'])
    assert.deepEqual(named('This Year', NOW), ['2026-01-01', '2027-01-01'])
    assert.deepEqual(named('last year', NOW), ['2025-01-01', '2026-01-01'])
    for (const word of ['>today', 'tomorrow', 'constructor', 'today..yesterday'])
      assert.equal(named(word, NOW), undefined, word)
  })
  test('ISO 8601: a week is from Monday to Sunday', () => {
    // A Saturday, a Sunday, a Monday.
    assert.deepEqual(named('this week', NOW), ['2026-01-26', '2026-02-02'])
    assert.deepEqual(named('this week', Date.UTC(2026, 1, 1, 23, 59)), ['2026-01-26', '2026-02-02'])
    assert.deepEqual(named('this week', Date.UTC(2026, 1, 2)), ['2026-02-02', '2026-02-09'])
  })
  test('now is in whatever counts from it but yesterday and what was last', () => {
    const time = fc.date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(time, (now) => {
        for (const word of ['today', 'this week', 'this month', 'this year']) {
          const range = parseDates(word, now.getTime())
          assert.ok(range && range.after < now.getTime() && now.getTime() < range.before, word)
        }
        for (const word of ['yesterday', 'last month', 'last year'])
          assert.ok(
            (parseDates(word, now.getTime())?.before ?? Number.POSITIVE_INFINITY) <= now.getTime(),
            word,
          )
      }),
    )
  })
})
