import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { readEmailChange } from './email-change.ts'
import { flagElement, readFlag } from './email-flag.ts'

const change = (...children: WbxmlNode[]) => readEmailChange(el('airsync:ApplicationData', children))

describe('what a client changes about a message', () => {
  test('is the read mark', () => {
    assert.deepEqual(change(el('email:Read', 1)), { seen: true })
    assert.deepEqual(change(el('email:Read', 0)), { seen: false })
  })
  test('is the flag; an empty one clears it', () => {
    assert.deepEqual(change(el('email:Flag')), { flag: { flag: undefined } })
    const { flag } = change(el('email:Flag', [el('email:Status', 2), el('email:FlagType', 'for Follow Up')]))
    assert.deepEqual([flag?.flag?.status, flag?.flag?.type], ['active', 'for Follow Up'])
  })
  test('are the categories; an empty list takes all away', () => {
    const given = el(
      'email:Categories',
      ['Red', 'Blue', 'Red', ''].map((one) => el('email:Category', one)),
    )
    assert.deepEqual(change(given), { categories: { categories: ['Red', 'Blue'] } })
    assert.deepEqual(change(el('email:Categories')), { categories: { categories: [] } })
  })
  test('are several at once', () => {
    assert.deepEqual(Object.keys(change(el('email:Read', 1), el('email:Flag'), el('email:Categories'))), [
      'seen',
      'flag',
      'categories',
    ])
  })
  test('is nothing else: item Status 6', () => {
    for (const node of [
      el('email:Subject', 'x'),
      el('email:From', 'x'),
      el('airsyncbase:Body'),
      el('calendar:Subject', 'x'),
    ])
      assert.throws(() => change(node), ValueError, node.tag)
  })
  test('has sensible bounds', () => {
    const many = Array.from({ length: 301 }, (_, n) => el('email:Category', `c${n}`))
    assert.throws(() => change(el('email:Categories', many)), ValueError)
    assert.throws(() => change(el('email:Categories', [el('email:Category', 'x'.repeat(256))])), ValueError)
  })
})

describe('MS-ASEMAIL 2.2.2.34: a flag', () => {
  test('of Status 0 is none, as is an empty one', () => {
    assert.equal(readFlag(el('email:Flag', [el('email:Status', 0)])), undefined)
    assert.equal(readFlag(el('email:Flag')), undefined)
  })
  test('of Status 1 is complete, of Status 2 active', () => {
    const of = (status: number) => readFlag(el('email:Flag', [el('email:Status', status)]))?.status
    assert.deepEqual([of(1), of(2)], ['complete', 'active'])
    assert.throws(() => of(3), ValueError)
  })
  test('without a status is active: Windows Phone sends its dates alone', () => {
    assert.equal(readFlag(el('email:Flag', [el('tasks:ReminderSet', 0)]))?.status, 'active')
  })
  test('with a date that isn’t one is refused', () => {
    assert.throws(() => readFlag(el('email:Flag', [el('tasks:DueDate', 'tomorrow')])), ValueError)
  })
  test('with an empty date has none', () => {
    assert.equal(readFlag(el('email:Flag', [el('email:Status', 2), el('tasks:DueDate')]))?.dueDate, 0)
  })
  for (const [name, elements] of [
    ['that starts in local time alone', [el('tasks:StartDate', '2026-03-01T00:00:00.000Z')]],
    ['that is due in UTC alone', [el('tasks:UtcDueDate', '2026-03-01T00:00:00.000Z')]],
    ['that reminds at no time', [el('tasks:ReminderSet', 1)]],
  ] as const) {
    test(`${name} is refused`, () => {
      assert.throws(() => readFlag(el('email:Flag', [el('email:Status', 2), ...elements])), ValueError)
    })
  }
  test('none is written as an empty tag', () => assert.deepEqual(flagElement(undefined), el('email:Flag')))
  test('comes back as it was written', () => {
    const moment = fc.integer({ min: 1, max: Date.UTC(2098, 0, 1) })
    const at = fc.oneof(fc.constant(0), moment)
    const start = fc.oneof(
      fc.constant({ startDate: 0, utcStartDate: 0 }),
      fc.record({ startDate: moment, utcStartDate: moment }),
    )
    const due = fc.oneof(
      fc.constant({ dueDate: 0, days: 0 }),
      fc.record({ dueDate: moment, days: fc.nat({ max: 300 }) }),
    )
    const rest = fc.record({
      status: fc.constantFrom('active', 'complete'),
      type: fc.constantFrom('Flag for follow up', 'Review'),
      subject: fc.constantFrom('', 'Call'),
      completedAt: at,
      dateCompleted: at,
      reminderSet: fc.constant(true),
      reminderTime: moment,
      ordinalDate: at,
      subOrdinalDate: fc.constantFrom('', '5555555'),
    })
    const flag = fc
      .tuple(start, due, rest)
      .map(([{ startDate, utcStartDate }, { dueDate, days }, others]) => ({
        ...{ startDate, utcStartDate, dueDate, ...others },
        utcDueDate: dueDate === 0 ? 0 : Math.max(1, utcStartDate) + days * 86_400_000,
      }))
    fc.assert(fc.property(flag, (one) => assert.deepEqual(readFlag(flagElement(one)), { ...one })))
  })
})
