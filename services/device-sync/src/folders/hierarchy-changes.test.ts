import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import fc from 'fast-check'
import {
  changesOfView,
  changesSince,
  type Delta,
  firstChanges,
  type HierarchyChanges,
  hasForeign,
  withoutOwn,
} from './hierarchy-changes.ts'

const box = (mailbox: string, parent = '', role = ''): Mailbox => ({
  mailbox,
  parent,
  role,
  name: mailbox,
  total: 0,
  unseen: 0,
  head: 1,
})

const inbox = box('inbox', '', 'inbox')
const sent = box('sent', '', 'sent')
const work = box('work')
const deep = box('deep', 'work')

const ids = (boxes: readonly Mailbox[]) => boxes.map(({ mailbox }) => mailbox)

const delta = (added: Mailbox[], changed: Mailbox[] = [], removed: string[] = []): Delta => ({
  changes: [
    ...added.map((mailbox) => ({ mailbox, added: true })),
    ...changed.map((mailbox) => ({ mailbox, added: false })),
  ],
  removed,
})

describe('the first folders', () => {
  test('are all, parents before their children', () => {
    assert.deepEqual(ids(firstChanges([deep, work, inbox], true).added), ['work', 'deep', 'inbox'])
  })
  test('are the default ones where subfolders are off', () => {
    assert.deepEqual(ids(firstChanges([deep, work, inbox, sent], false).added), ['inbox', 'sent'])
  })
  test('in a circle, which can’t be, still all come', () => {
    assert.deepEqual(ids(firstChanges([box('a', 'b'), box('b', 'a')], true).added).sort(), ['a', 'b'])
  })
})

describe('folders since a key', () => {
  test('are those added, changed and removed', () => {
    const changes = changesSince(delta([deep, work], [inbox], ['old']), true)
    assert.deepEqual(
      [ids(changes.added), ids(changes.updated), changes.deleted],
      [['work', 'deep'], ['inbox'], ['old']],
    )
  })
  test('of a phone with default folders only leave the others out', () => {
    const changes = changesSince(delta([work], [inbox, deep], ['old']), false)
    assert.deepEqual([ids(changes.added), ids(changes.updated), changes.deleted], [[], ['inbox'], []])
  })
})

describe('when subfolders are switched', () => {
  test('on: all that aren’t default are added', () => {
    const changes = changesOfView([inbox, deep, work], delta([], [inbox]), true)
    assert.deepEqual(
      [ids(changes.added), ids(changes.updated), changes.deleted],
      [['work', 'deep'], ['inbox'], []],
    )
  })
  test('off: those the phone knows are deleted, also those removed meanwhile', () => {
    const changes = changesOfView([inbox, work, deep], delta([deep], [], ['old']), false)
    assert.deepEqual([ids(changes.added), changes.deleted], [[], ['work', 'old']])
  })

  /** A phone's folders after what it is told. */
  const applied = (
    before: ReadonlySet<string>,
    { added, updated, deleted }: HierarchyChanges,
  ): Set<string> => {
    const after = new Set(before)
    for (const id of deleted) assert.ok(after.delete(id), `${id} was deleted but not there`)
    for (const { mailbox } of added) {
      assert.ok(!after.has(mailbox), `${mailbox} was added twice`)
      after.add(mailbox)
    }
    for (const { mailbox } of updated) assert.ok(after.has(mailbox), `${mailbox} was changed but not there`)
    return after
  }

  test('the phone ends with exactly what it should see, whatever happened meanwhile', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const fate = fc.constantFrom('never', 'stays', 'changes', 'goes', 'comes')
    const scene = fc.record({
      fates: fc.array(fate, { minLength: names.length, maxLength: names.length }),
      before: fc.boolean(),
      after: fc.boolean(),
    })
    fc.assert(
      fc.property(scene, ({ fates, before, after }) => {
        const of = (...wanted: string[]) =>
          names.filter((_, n) => wanted.includes(fates[n]!)).map((name) => box(name))
        const known = before ? ids(of('stays', 'changes', 'goes')) : []
        const now = [inbox, ...of('stays', 'changes', 'comes')]
        const since = delta(of('comes'), of('changes'), ids(of('goes')))
        const changes = before === after ? changesSince(since, after) : changesOfView(now, since, after)
        const wanted = after ? ids(now) : ['inbox']
        assert.deepEqual([...applied(new Set(['inbox', ...known]), changes)].sort(), [...wanted].sort())
      }),
    )
  })
})

describe('what a phone did itself', () => {
  const own = (made: string[], gone: string[] = []) => ({ made, gone })

  test('is not told to it as new or removed', () => {
    const { changes, removed } = withoutOwn(
      delta([work, inbox], [], ['old', 'older']),
      own(['work'], ['old']),
    )
    assert.deepEqual(
      changes.map(({ mailbox, added }) => [mailbox?.mailbox, added]),
      [
        ['work', false],
        ['inbox', true],
      ],
    )
    assert.deepEqual(removed, ['older'])
  })
  test('and that somebody else removed is told as removed', () => {
    assert.deepEqual(withoutOwn(delta([]), own(['work'])).removed, ['work'])
  })
  test('is nobody else’s doing where it is as the phone has it', () => {
    const expected = { mailbox: 'work', name: 'work', parent: '' }
    assert.equal(hasForeign(delta([work]), { ...own(['work']), expected }), false)
    assert.equal(hasForeign(delta([], [], ['old']), own([], ['old'])), false)
  })
  test('is somebody else’s where it was changed since, or went, or another one changed', () => {
    const expected = { mailbox: 'work', name: 'Arbeit', parent: '' }
    assert.equal(hasForeign(delta([work]), { ...own(['work']), expected }), true)
    assert.equal(hasForeign(delta([]), own(['work'])), true)
    assert.equal(hasForeign(delta([deep]), own([])), true)
    assert.equal(hasForeign(delta([], [], ['old']), own([])), true)
  })
})
