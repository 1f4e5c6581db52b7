import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDate, parseReceived } from './date.ts'

const CASES: readonly [string, string, string][] = [
  ['RFC 5322', 'Wed, 9 Mar 2011 11:19:45 +0000', '2011-03-09T11:19:45Z'],
  ['west of Greenwich', 'Wed, 9 Mar 2011 06:19:47 -0500', '2011-03-09T11:19:47Z'],
  ['half an hour', 'Wed, 9 Mar 2011 11:19:45 +0530', '2011-03-09T05:49:45Z'],
  ['without a weekday', '9 Mar 2011 11:19:45 +0100', '2011-03-09T10:19:45Z'],
  ['without seconds', 'Wed, 9 Mar 2011 11:19 +0100', '2011-03-09T10:19:00Z'],
  ['without a zone', 'Wed, 9 Mar 2011 11:19:45', '2011-03-09T11:19:45Z'],
  ['without a time', 'Wed, 9 Mar 2011', '2011-03-09T00:00:00Z'],
  ['a comment behind', 'Wed, 9 Mar 2011 11:19:45 -0500 (EST)', '2011-03-09T16:19:45Z'],
  ['two digits of a year (RFC 5322 §4.3)', 'Wed, 09 Mar 11 11:19:45 +0000', '2011-03-09T11:19:45Z'],
  ['two digits of the last century', '29 Jul 96 09:13:08 +0000', '1996-07-29T09:13:08Z'],
  ['three digits of a year', 'Wed, 9 Mar 111 11:19:45 +0000', '2011-03-09T11:19:45Z'],
  ['the name of a zone', 'Wed, 9 Mar 2011 11:19:45 EST', '2011-03-09T16:19:45Z'],
  ['the name of a summer zone', 'Wed, 9 Mar 2011 11:19:45 PDT', '2011-03-09T18:19:45Z'],
  ['GMT', 'Wed, 09 Mar 2011 11:19:45 GMT', '2011-03-09T11:19:45Z'],
  ['Z', 'Wed, 9 Mar 2011 11:19:45 Z', '2011-03-09T11:19:45Z'],
  ['a military zone, which means nothing', 'Wed, 9 Mar 2011 11:19:45 K', '2011-03-09T11:19:45Z'],
  ['an unknown zone', 'Wed, 9 Mar 2011 11:19:45 XYZ', '2011-03-09T11:19:45Z'],
  ['a European zone', 'Wed, 9 Mar 2011 11:19:45 CET', '2011-03-09T10:19:45Z'],
  ['GMT with an offset', 'Wed, 9 Mar 2011 11:19:45 GMT+0200', '2011-03-09T09:19:45Z'],
  ['an offset with a colon', 'Wed, 9 Mar 2011 11:19:45 +02:00', '2011-03-09T09:19:45Z'],
  ['an offset of one digit for the hour', 'Wed, 9 Mar 2011 11:19:45 -500', '2011-03-09T16:19:45Z'],
  ['an impossible offset', 'Wed, 9 Mar 2011 11:19:45 +9999', '2011-03-09T11:19:45Z'],
  ['dashes (Exchange of old)', 'Wed, 09-Mar-2011 11:19:45 +0000', '2011-03-09T11:19:45Z'],
  ['dots', '9.Mar.2011 11:19:45 +0000', '2011-03-09T11:19:45Z'],
  ['asctime', 'Wed Mar  9 11:19:45 2011', '2011-03-09T11:19:45Z'],
  ['asctime with a zone', 'Wed Mar  9 11:19:45 EST 2011', '2011-03-09T16:19:45Z'],
  ['month first', 'March 9, 2011 11:19:45', '2011-03-09T11:19:45Z'],
  ['the full name of a month', 'Wednesday, 9 September 2011 11:19:45 +0000', '2011-09-09T11:19:45Z'],
  ['afternoon', 'Wed, 9 Mar 2011 1:19:45 PM +0000', '2011-03-09T13:19:45Z'],
  ['midnight in the morning', 'Wed, 9 Mar 2011 12:19:45 AM', '2011-03-09T00:19:45Z'],
  ['ISO 8601', '2011-03-09T11:19:45Z', '2011-03-09T11:19:45Z'],
  ['ISO 8601 with an offset', '2011-03-09T11:19:45+01:00', '2011-03-09T10:19:45Z'],
  ['ISO 8601 with a fraction', '2011-03-09T11:19:45.123Z', '2011-03-09T11:19:45Z'],
  ['a date and a time', '2011-03-09 11:19:45', '2011-03-09T11:19:45Z'],
  ['slashes', '2011/03/09 11:19:45', '2011-03-09T11:19:45Z'],
  ['a leap second', 'Sat, 31 Dec 2016 23:59:60 +0000', '2016-12-31T23:59:59Z'],
  ['hour 24', 'Wed, 9 Mar 2011 24:00:00 +0000', '2011-03-10T00:00:00Z'],
  ['folds and white space', ' Wed,\r\n  9  Mar\t2011   11:19:45  +0000 ', '2011-03-09T11:19:45Z'],
  ['dots in the time', 'Wed, 9 Mar 2011 11.19.45 +0000', '2011-03-09T11:19:45Z'],
  ['the 31st of a shorter month', '31 Feb 2011 11:19:45 +0000', '2011-03-03T11:19:45Z'],
]

for (const [what, field, iso] of CASES) {
  test(`dates: ${what}`, () =>
    assert.equal(new Date(parseDate(field)).toISOString(), new Date(iso).toISOString()))
}

test('what has no date in it is 0', () => {
  for (const field of [
    '',
    'yesterday',
    '11:19:45',
    'Wed, 99 Mar 2011',
    '9 Foo 2011',
    '2011-13-09',
    'Wed, 9 Mar 2011 99:99:99 +0000',
    '9 Mar 1700',
    'x'.repeat(100_000),
  ]) {
    assert.equal(parseDate(field), 0, field.slice(0, 40))
  }
})

test('any moment written by RFC 5322 in any zone is read again', () => {
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const pad = (number: number): string => String(number).padStart(2, '0')
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.integer({ min: -720, max: 840 }),
      (seconds, offset) => {
        const local = new Date((seconds + offset * 60) * 1000)
        const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}${pad(Math.abs(offset) % 60)}`
        const day = `${local.getUTCDate()} ${names[local.getUTCMonth()]} ${local.getUTCFullYear()}`
        const time = `${pad(local.getUTCHours())}:${pad(local.getUTCMinutes())}:${pad(local.getUTCSeconds())}`
        assert.equal(parseDate(`${day} ${time} ${zone}`), seconds * 1000)
      },
    ),
  )
})

test('any field gives a number that a date can have', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:+\-/. A-Za-z]{0,40}$/)), (field) => {
      assert.ok(Number.isFinite(parseDate(field)))
      assert.ok(!Number.isNaN(new Date(parseDate(field)).getTime()))
    }),
    { numRuns: 1000 },
  )
})

test('the time of a Received field stands behind its last semicolon (RFC 5321 §4.4)', () => {
  const field =
    'from a (b; c) by d\r\n\twith ESMTP id 1 Jan 2001 1:1:1;\r\n\tWed, 9 Mar 2011 06:19:47 -0500 (EST)'
  assert.equal(new Date(parseReceived(field)).toISOString(), '2011-03-09T11:19:47.000Z')
  assert.equal(parseReceived('from a by b'), 0)
})
