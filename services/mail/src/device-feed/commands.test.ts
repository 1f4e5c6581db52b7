import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncChange } from '@relais/proto/mail/v1/mail.ts'
import type { CommitStep, PlacementRow } from '@relais/sync-state'
import { eventOf, type MailChange, mailChange } from './commands.ts'

const row = (collection: string) => ({ id: 8192, collection }) as PlacementRow
const change = (value: Parameters<typeof SyncChange.fromPartial>[0]) =>
  mailChange(SyncChange.fromPartial({ placement: 8192, ...value })) as MailChange

describe('a phone’s change of a message', () => {
  test('is one group for each thing it says, and follows a message that was moved', () => {
    const { changes, whole, isInvalid } = change({ seen: false, flag: {}, categories: { categories: [] } })
    assert.deepEqual(
      changes.map(({ group }) => group),
      ['read', 'flag', 'categories'],
    )
    assert.deepEqual([whole, isInvalid], [false, false])
  })

  test('says nothing of what it leaves out', () => {
    assert.deepEqual(change({}).changes, [])
  })

  test('has the same value whenever it says the same, and another when it says something else', () => {
    const flagged = (type: string) => change({ flag: { flag: { status: 'active', type } } }).changes[0]!.value
    assert.equal(flagged('a'), flagged('a'))
    assert.equal(new Set([flagged('a'), flagged('b'), change({ flag: {} }).changes[0]!.value]).size, 3)
    const categorized = (...categories: string[]) => change({ categories: { categories } }).changes[0]!.value
    assert.equal(categorized(' a', 'a', 'b'), categorized('a', 'b'))
    assert.notEqual(categorized('a', 'b'), categorized('b', 'a'))
  })

  const invalid = {
    'a flag of no status': { flag: { flag: { status: 'waving' } } },
    'a flag with an endless text': { flag: { flag: { status: 'active', subject: 'x'.repeat(5000) } } },
    'too many categories': { categories: { categories: Array.from({ length: 301 }, (_, n) => `c${n}`) } },
    'a category of 256 characters': { categories: { categories: ['x'.repeat(256)] } },
  }
  for (const [what, value] of Object.entries(invalid))
    test(`${what}: refused whole, nothing of it is done`, () => {
      const { isInvalid, changes } = change({ seen: true, ...value })
      assert.deepEqual([isInvalid, changes], [true, []])
    })
})

describe('the fact that a step stands for', () => {
  const command = change({ seen: true, flag: {}, categories: { categories: ['a'] } })
  const apply = (group: 'read' | 'flag' | 'categories'): CommitStep => ({
    ...{ kind: 'apply', group, value: 'x', row: row('inbox'), commandId: 'c', command },
  })

  test('of a change, by group', () => {
    assert.deepEqual(eventOf(apply('read'), true), {
      type: 'MessagesMarkedSeen',
      payload: { placements: [8192], seen: true },
    })
    assert.deepEqual(eventOf(apply('flag'), true), {
      type: 'MessagesFlagged',
      payload: { placements: [8192], flag: undefined },
    })
    assert.deepEqual(eventOf(apply('categories'), true), {
      type: 'MessagesCategorized',
      payload: { placements: [8192], categories: ['a'] },
    })
  })

  test('noop: of what changes nothing, a note', () => {
    const note: CommitStep = { ...apply('read'), kind: 'note' } as never
    assert.deepEqual(eventOf(note, true), {
      type: 'CommandNoted',
      payload: { placement: 8192, group: 'read', value: 'x' },
    })
  })

  const remove = (collection: string): CommitStep => ({
    ...{ kind: 'delete', row: row(collection), commandId: 'c', command: { kind: 'delete', placement: 8192 } },
  })

  test('of a deletion: a move to the trash, where deletions are moves', () => {
    assert.deepEqual(eventOf(remove('inbox'), true), {
      type: 'MessagesMoved',
      payload: { placements: [8192], from: 'inbox', to: 'trash' },
    })
  })

  test('of a deletion in the trash, or where deletions are none: for good', () => {
    for (const [collection, moves] of [
      ['trash', true],
      ['inbox', false],
    ] as const)
      assert.deepEqual(eventOf(remove(collection), moves), {
        type: 'MessagesDeleted',
        payload: { placements: [8192], mailbox: collection },
      })
  })
})
