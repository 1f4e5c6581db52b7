import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { baseSubject } from './subject.ts'

const TOPIC = [
  'Topic',
  'Re: Topic',
  'RE: Topic',
  're:Topic',
  'Re : Topic',
  'Re[2]: Topic',
  'Re(3): Topic',
  'Re^4: Topic',
  'Fwd: Topic',
  'Fw: Topic',
  'FWD: Re: Fwd: Topic',
  'AW: Topic',
  'Antwort: Topic',
  'WG: Topic',
  'SV: Topic',
  'VS: Topic',
  'TR: Topic',
  'RV: Topic',
  'RES: Topic',
  'ENC: Topic',
  'R: Topic',
  'Rif: Topic',
  'I: Topic',
  'Odp: Topic',
  'PD: Topic',
  'Doorst: Topic',
  '回复：Topic',
  '转发: Topic',
  '[list] Topic',
  'Re: [list] Topic',
  '[list] Re: Topic',
  '[list] Re: [other] AW: Topic',
  'Topic (fwd)',
  '  Topic  ',
  'Re:  Topic',
  'TOPIC',
]

for (const subject of TOPIC)
  test(`${subject} belongs to the thread of its topic`, () => assert.equal(baseSubject(subject), 'topic'))

const OTHERS: readonly [string, string][] = [
  ['Reply: Topic', 'reply: topic'],
  ['Regarding: Topic', 'regarding: topic'],
  ['Topic: Re', 'topic: re'],
  ['Topic  of   the day', 'topic of the day'],
  ['[tag]', '[tag]'],
  ['Re:', ''],
  ['', ''],
]

for (const [subject, base] of OTHERS)
  test(`${JSON.stringify(subject)} is ${JSON.stringify(base)}`, () =>
    assert.equal(baseSubject(subject), base))

test('a base subject is its own base, and no mark changes it', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60 }),
      fc.constantFrom('Re: ', 'Fwd: ', 'AW: ', 'WG: '),
      (subject, mark) => {
        const base = baseSubject(subject)
        assert.equal(baseSubject(base), base)
        assert.equal(baseSubject(mark + subject), base)
      },
    ),
  )
})

test('a subject of nothing but marks comes to an end', () => {
  assert.equal(typeof baseSubject('Re: '.repeat(100_000)), 'string')
  assert.equal(typeof baseSubject(' '.repeat(100_000)), 'string')
  assert.equal(typeof baseSubject('['.repeat(100_000)), 'string')
})
