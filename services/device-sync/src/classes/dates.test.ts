import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ValueError } from '../wbxml/errors.ts'
import { el } from '../wbxml/node.ts'
import { dateTime, dateTimeOf, parseDateTime } from './dates.ts'

describe('MS-ASDTYPE 2.3: times', () => {
  test('are written with dashes and milliseconds, in UTC', () => {
    assert.equal(dateTime(Date.UTC(2026, 0, 5, 9, 8, 7, 6)), '2026-01-05T09:08:07.006Z')
  })
  for (const [text, at] of [
    ['2026-01-05T09:08:07.006Z', Date.UTC(2026, 0, 5, 9, 8, 7, 6)],
    ['2026-01-05T09:08:07Z', Date.UTC(2026, 0, 5, 9, 8, 7)],
    ['20260105T090807Z', Date.UTC(2026, 0, 5, 9, 8, 7)],
    ['2026-01-05T09:08:07.5Z', Date.UTC(2026, 0, 5, 9, 8, 7, 500)],
    ['2026-01-05T09:08:07.1234567Z', Date.UTC(2026, 0, 5, 9, 8, 7, 123)],
    [' 2024-02-29T00:00:00Z ', Date.UTC(2024, 1, 29)],
  ] as const)
    test(`${text} is read`, () => assert.equal(parseDateTime(text), at))
  for (const text of [
    '',
    'today',
    '2026-01-05',
    '2026-01-05T09:08:07',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-05T25:00:00Z',
    '2026-01-05T09:08:07+01:00',
    '20260105',
  ])
    test(`"${text}" is no time`, () => assert.equal(parseDateTime(text), undefined))
  test('both forms of any time are read back', () => {
    const at = fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) })
    fc.assert(
      fc.property(at, (when) => {
        assert.equal(parseDateTime(dateTime(when)), when)
        const compact = `${new Date(when).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
        assert.equal(parseDateTime(compact), Math.floor(when / 1000) * 1000)
      }),
    )
  })
  test('of an element that has none are refused', () => {
    assert.equal(dateTimeOf(el('tasks:DueDate', '2026-01-05T00:00:00Z')), Date.UTC(2026, 0, 5))
    for (const content of [null, 'x', 'x'.repeat(99)])
      assert.throws(() => dateTimeOf(el('tasks:DueDate', content)), ValueError)
  })
})
