import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Expression } from './expression.ts'
import {
  everyOne,
  isSo,
  oneOf,
  STATE_PROPERTIES,
  type StateCondition,
  type StateFacts,
  stateOf,
  textsIn,
  textsOfAll,
} from './message-state.ts'

const plain: StateFacts = {
  ...{ seen: false, flagged: false, draft: false, attachment: false },
  ...{ categories: [], importance: '', size: 1000, received: 2000, sent: 1000, says: () => false },
}
const matches = (property: string, said: string, facts: Partial<StateFacts>) => {
  const condition = stateOf(property, said)
  assert.ok(condition, `${property}:${said}`)
  return isSo(condition, { ...plain, ...facts })
}

describe('a state that a query asks for', () => {
  const answers = [
    ['isread', { seen: true }],
    ['read', { seen: true }],
    ['isflagged', { flagged: true }],
    ['hasflag', { flagged: true }],
    ['hasattachment', { attachment: true }],
    ['hasattachments', { attachment: true }],
  ] as const
  for (const [property, facts] of answers)
    test(`${property}: yes and no, in every way to say them`, () => {
      for (const said of ['true', 'yes', '1', '=true', 'YES']) {
        assert.equal(matches(property, said, facts), true, said)
        assert.equal(matches(property, said, {}), false, said)
      }
      for (const said of ['false', 'no', '0', '=No']) {
        assert.equal(matches(property, said, facts), false, said)
        assert.equal(matches(property, said, {}), true, said)
      }
      for (const said of ['', 'maybe', '2', 'true false'])
        assert.equal(stateOf(property, said), undefined, said)
    })
  test('is: read, unread, flagged, unflagged, draft', () => {
    assert.deepEqual(
      ['read', 'unread', 'flagged', 'unflagged', 'draft'].map((said) => [
        matches('is', said, {}),
        matches('is', said, { seen: true, flagged: true, draft: true }),
      ]),
      [
        [false, true],
        [true, false],
        [false, true],
        [true, false],
        [false, true],
      ],
    )
    assert.equal(stateOf('is', 'constructor'), undefined)
  })
  test('category: the beginning of one of its names, in any case', () => {
    const categories = ['Blue Category', 'Ärger']
    for (const said of ['blue', 'Blue category', 'BLUE CATEGORY', '=ärg'])
      assert.equal(matches('category', said, { categories }), true, said)
    for (const said of ['lue', 'category', 'blue categoryx'])
      assert.equal(matches('categories', said, { categories }), false, said)
    assert.equal(stateOf('category', ''), undefined)
    assert.equal(stateOf('category', '='), undefined)
  })
  test('importance: without one a message has the normal one', () => {
    assert.equal(matches('importance', 'high', { importance: 'high' }), true)
    assert.equal(matches('importance', '2', { importance: 'high' }), true)
    assert.equal(matches('importance', 'normal', {}), true)
    assert.equal(matches('importance', 'low', {}), false)
    assert.equal(stateOf('importance', 'urgent'), undefined)
  })
  test('size: with operators, units and two ends', () => {
    const found = (said: string) => [999, 1000, 1001].map((size) => matches('size', said, { size }))
    assert.deepEqual(found('1000'), [false, true, false])
    assert.deepEqual(found('=1000'), [false, true, false])
    assert.deepEqual(found('>1000'), [false, false, true])
    assert.deepEqual(found('>=1000'), [false, true, true])
    assert.deepEqual(found('<1000'), [true, false, false])
    assert.deepEqual(found('<=1000'), [true, true, false])
    assert.deepEqual(found('999..1000'), [true, true, false])
    assert.equal(matches('messagesize', '>1mb', { size: 1024 * 1024 }), false)
    assert.equal(matches('messagesize', '>1MB', { size: 1024 * 1024 + 1 }), true)
    assert.equal(matches('size', '2k', { size: 2048 }), true)
    for (const said of ['', 'large', '-1', '1.5', '1gb', '>1..2', '1..', '1'.repeat(13)])
      assert.equal(stateOf('size', said), undefined, said)
  })
  test('of any text is one or none, and never fails', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STATE_PROPERTIES, '__proto__', 'toString'),
        fc.string(),
        (property, said) => {
          const condition = stateOf(property, said)
          if (condition) isSo(condition, plain)
        },
      ),
    )
  })
})

test('conditions are joined, and say what must be known for them', () => {
  const high = stateOf('importance', 'high')!
  const read = stateOf('isread', 'yes')!
  const both = everyOne([high, read])!
  const any = oneOf([high, read])!
  assert.deepEqual([everyOne([]), oneOf([read])], [undefined, read])
  const important = { ...plain, importance: 'high' }
  assert.deepEqual([isSo(both, important), isSo(any, important)], [false, true])
  assert.equal(isSo({ kind: 'not', of: any }, important), false)
})

const term = (text: string): Expression => ({ kind: 'term', field: 'any', text, phrase: false })
const says = (text: string): StateCondition => ({ kind: 'texts', of: term(text) })
const every = (...of: StateCondition[]): StateCondition => ({ kind: 'every', of })
const some = (...of: StateCondition[]): StateCondition => ({ kind: 'some', of })
const not = (of: StateCondition): StateCondition => ({ kind: 'not', of })

describe('of what is known of a message', () => {
  const read = stateOf('isread', 'yes')!
  const budget = says('budget')
  const saying = (is: boolean) => ({ says: () => is })
  test('the answer is known where it doesn’t depend on the rest', () => {
    assert.equal(isSo(every(budget, read), saying(false)), false)
    assert.equal(isSo(some(budget, read), saying(true)), true)
    assert.equal(isSo(not(every(budget, read)), saying(false)), true)
  })
  test('the answer isn’t known where it does', () => {
    for (const one of [
      read,
      stateOf('is', 'draft')!,
      stateOf('category', 'red')!,
      stateOf('isflagged', 'no')!,
    ])
      assert.equal(isSo(one, saying(true)), undefined)
    assert.equal(isSo(every(budget, read), saying(true)), undefined)
    assert.equal(isSo(some(budget, read), saying(false)), undefined)
    assert.equal(isSo(not(some(budget, read)), saying(false)), undefined)
  })
  test('an answer that is known is the one that all facts give', () => {
    const leaf = fc.constantFrom(
      ...[read, budget, says('lunch'), stateOf('importance', 'high')!, stateOf('category', 'red')!],
      ...[stateOf('size', '>500')!, { kind: 'sent', after: 10, before: 20 } as const],
    )
    const condition = fc.letrec<{ tree: StateCondition }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }).map((of) => every(...of)),
        fc.array(tie('tree'), { maxLength: 3 }).map((of) => some(...of)),
        tie('tree').map(not),
      ),
    })).tree
    const facts = fc.record({
      ...{ seen: fc.boolean(), flagged: fc.boolean(), draft: fc.boolean(), attachment: fc.boolean() },
      ...{ categories: fc.constantFrom([], ['Red']), importance: fc.constantFrom('', 'high') },
      ...{ size: fc.constantFrom(1, 1000), received: fc.nat(30), sent: fc.nat(30) },
      says: fc.constantFrom<StateFacts['says']>(
        () => true,
        (texts) => texts.kind === 'term' && texts.text === 'lunch',
      ),
    })
    const names = ['seen', 'categories', 'importance', 'size', 'sent', 'says'] as const
    fc.assert(
      fc.property(condition, facts, fc.subarray([...names]), (asked, all, hidden) => {
        const known = Object.fromEntries(
          Object.entries(all).filter(([name]) => !hidden.includes(name as never)),
        )
        const answer = isSo(asked, known)
        assert.ok(answer === undefined ? hidden.length > 0 : answer === isSo(asked, all))
      }),
    )
  })
})

test('what all that it is true of say is what the index is asked for', () => {
  const read = stateOf('isread', 'yes')!
  assert.deepEqual(textsOfAll(says('a')), term('a'))
  assert.equal(textsOfAll(read), undefined)
  assert.deepEqual(textsOfAll(every(read, says('a'), says('b'))), {
    ...{ kind: 'all', of: [term('a'), term('b')] },
  })
  assert.deepEqual(textsOfAll(some(every(says('a'), read), says('b'))), {
    ...{ kind: 'either', of: [term('a'), term('b')] },
  })
  assert.equal(textsOfAll(some(says('a'), read)), undefined, 'one that says nothing of it may be meant')
  assert.equal(textsOfAll(not(says('a'))), undefined)
  assert.equal(textsOfAll(some()), undefined)
})

test('when a message came and was sent is looked at too, both ends excluded, and so is what the index says', () => {
  const within = (after: number, before: number) =>
    (['received', 'sent'] as const).map((kind) => isSo({ kind, after, before }, plain))
  assert.deepEqual(within(999, 1001), [false, true])
  assert.deepEqual(within(1000, 2001), [true, false])
  assert.deepEqual(within(1999, 0), [true, false])
  const budget: Expression = { kind: 'term', field: 'any', text: 'budget', phrase: false }
  const either: StateCondition = {
    kind: 'some',
    of: [
      { kind: 'texts', of: budget },
      { kind: 'not', of: { kind: 'texts', of: budget } },
    ],
  }
  assert.deepEqual(textsIn(either), [budget, budget])
  assert.equal(isSo({ kind: 'texts', of: budget }, { ...plain, says: (texts) => texts === budget }), true)
  assert.equal(isSo({ kind: 'texts', of: budget }, plain), false)
})
