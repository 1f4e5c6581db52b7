import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Flag } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import {
  decideAnswered,
  decideCopy,
  decideDelete,
  decideMove,
  decideUpdate,
  MAX_CATEGORIES,
  requireCategories,
  requireFlag,
  sameFlag,
} from './decide.ts'
import type { MessageFacts } from './message.ts'

const active = Flag.create({ status: 'active', type: 'for follow up', dueDate: 1_764_000_000_000 })

const message = (placement: number, facts: Partial<MessageFacts> = {}): MessageFacts => ({
  ...{
    placement,
    item: placement,
    mailbox: 'inbox',
    size: 100,
    seen: false,
    flag: undefined,
    categories: [],
  },
  ...facts,
})

describe('updating messages', () => {
  test('marks those that were not seen, in one event', () => {
    const messages = [message(1), message(2, { seen: true }), message(3)]
    assert.deepEqual(decideUpdate(messages, { seen: true }), [
      { type: 'MessagesMarkedSeen', payload: { placements: [1, 3], seen: true } },
    ])
  })

  test('what changes nothing is no event', () => {
    const messages = [message(1, { seen: true, flag: active, categories: ['a'] })]
    const same = { ...active }
    assert.deepEqual(decideUpdate(messages, { seen: true, flag: same, categories: ['a'] }), [])
    assert.deepEqual(decideUpdate(messages, {}), [])
    assert.deepEqual(decideUpdate([], { seen: true, flag: null, categories: [] }), [])
  })

  test('a flag is set, and cleared by null', () => {
    assert.deepEqual(decideUpdate([message(1)], { flag: active }), [
      { type: 'MessagesFlagged', payload: { placements: [1], flag: active } },
    ])
    assert.deepEqual(decideUpdate([message(1), message(2, { flag: active })], { flag: null }), [
      { type: 'MessagesFlagged', payload: { placements: [2], flag: undefined } },
    ])
  })

  test('another due date is another flag', () => {
    const later = { ...active, dueDate: active.dueDate + 1 }
    assert.equal(decideUpdate([message(1, { flag: active })], { flag: later }).length, 1)
    assert.equal(sameFlag(active, later), false)
    assert.equal(sameFlag(undefined, active), false)
    assert.equal(sameFlag(undefined, undefined), true)
  })

  test('categories are set as a whole, in their order', () => {
    const messages = [message(1, { categories: ['b', 'a'] }), message(2, { categories: ['a', 'b'] })]
    assert.deepEqual(decideUpdate(messages, { categories: ['a', 'b'] }), [
      { type: 'MessagesCategorized', payload: { placements: [1], categories: ['a', 'b'] } },
    ])
  })

  test('one command may change all three', () => {
    const types = decideUpdate([message(1)], { seen: true, flag: active, categories: ['a'] }).map(
      ({ type }) => type,
    )
    assert.deepEqual(types, ['MessagesMarkedSeen', 'MessagesFlagged', 'MessagesCategorized'])
  })
})

describe('what a flag and categories may be', () => {
  test('a flag is active or complete', () => {
    assert.equal(requireFlag({ ...active, status: 'complete' }).status, 'complete')
    for (const status of ['', 'ACTIVE', 'done']) {
      assert.throws(() => requireFlag({ ...active, status }), { code: 'FLAG_INVALID' })
    }
  })

  test("a flag's texts are short", () => {
    assert.throws(() => requireFlag({ ...active, subject: 'x'.repeat(1025) }), { code: 'FLAG_INVALID' })
    assert.throws(() => requireFlag({ ...active, type: 'x'.repeat(1025) }), { code: 'FLAG_INVALID' })
  })

  test('categories are trimmed, and each is there once', () => {
    assert.deepEqual(requireCategories([' a', 'b', 'a ', '', '  ']), ['a', 'b'])
  })

  test('MS-ASEMAIL 2.2.2.16: a message has at most 300 categories', () => {
    const names = Array.from({ length: MAX_CATEGORIES }, (_, n) => `c${n}`)
    assert.equal(requireCategories(names).length, MAX_CATEGORIES)
    assert.throws(() => requireCategories([...names, 'one more']), { code: 'CATEGORIES_INVALID' })
    assert.throws(() => requireCategories(['x'.repeat(256)]), { code: 'CATEGORIES_INVALID' })
  })
})

describe('moving, copying and deleting', () => {
  const messages = [message(1), message(2, { mailbox: 'm1' }), message(3), message(4, { mailbox: 'trash' })]

  test('a move is one event for each mailbox that messages come from', () => {
    assert.deepEqual(decideMove(messages, 'archive'), [
      { type: 'MessagesMoved', payload: { placements: [1, 3], from: 'inbox', to: 'archive' } },
      { type: 'MessagesMoved', payload: { placements: [2], from: 'm1', to: 'archive' } },
      { type: 'MessagesMoved', payload: { placements: [4], from: 'trash', to: 'archive' } },
    ])
  })

  test('what is there already is not moved', () => {
    assert.deepEqual(decideMove([message(4, { mailbox: 'trash' })], 'trash'), [])
  })

  test('a copy names its messages in their order', () => {
    assert.deepEqual(decideCopy(messages, 'm2'), [
      { type: 'MessagesCopied', payload: { placements: [1, 2, 3, 4], to: 'm2' } },
    ])
    assert.deepEqual(decideCopy([], 'm2'), [])
  })

  test('a deletion to the trash deletes what is in the trash', () => {
    assert.deepEqual(decideDelete(messages, { toTrash: true }), [
      { type: 'MessagesMoved', payload: { placements: [1, 3], from: 'inbox', to: 'trash' } },
      { type: 'MessagesMoved', payload: { placements: [2], from: 'm1', to: 'trash' } },
      { type: 'MessagesDeleted', payload: { placements: [4], mailbox: 'trash' } },
    ])
  })

  test('a deletion for good names every mailbox', () => {
    assert.deepEqual(decideDelete(messages.slice(1), { toTrash: false }), [
      { type: 'MessagesDeleted', payload: { placements: [2], mailbox: 'm1' } },
      { type: 'MessagesDeleted', payload: { placements: [3], mailbox: 'inbox' } },
      { type: 'MessagesDeleted', payload: { placements: [4], mailbox: 'trash' } },
    ])
    assert.deepEqual(decideDelete([], { toTrash: false }), [])
  })

  test('an answer marks its message, if that is still there', () => {
    assert.deepEqual(decideAnswered(message(7), { verb: 1, at: 5 }), [
      { type: 'MessageAnswered', payload: { placement: 7, verb: 1, at: 5 } },
    ])
    assert.deepEqual(decideAnswered(undefined, { verb: 1, at: 5 }), [])
  })

  test('every message is moved or deleted exactly once, whatever mix it is', () => {
    const mix = fc.uniqueArray(
      fc.record({
        placement: fc.integer({ min: 1, max: 99 }),
        mailbox: fc.constantFrom('inbox', 'm1', 'trash'),
      }),
      { selector: ({ placement }) => placement },
    )
    fc.assert(
      fc.property(mix, fc.boolean(), (some, toTrash) => {
        const facts = some.map(({ placement, mailbox }) => message(placement, { mailbox }))
        const named = decideDelete(facts, { toTrash }).flatMap((event) =>
          'placements' in event.payload ? event.payload.placements : [],
        )
        assert.deepEqual(named.toSorted(), facts.map(({ placement }) => placement).toSorted())
      }),
    )
  })
})
