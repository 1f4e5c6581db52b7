import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { MailEvent } from '../events.ts'
import {
  ancestry,
  childrenOf,
  descendants,
  emptyHierarchy,
  evolve,
  type Hierarchy,
  nextAfter,
  pathOf,
  userMailboxId,
} from './mailbox.ts'

const created = (mailbox: string, parent = '', role = ''): MailEvent => ({
  type: 'MailboxCreated',
  payload: { mailbox, role, name: mailbox.toUpperCase(), parent },
})

const of = (...events: readonly MailEvent[]): Hierarchy => events.reduce(evolve, emptyHierarchy)

describe('the tree of mailboxes', () => {
  const tree = of(
    created('inbox', '', 'inbox'),
    created('m1'),
    created('m2', 'm1'),
    created('m3', 'm2'),
    created('m4', 'm1'),
  )

  test('has what was made', () => {
    assert.deepEqual(tree.mailboxes.get('m2'), { id: 'm2', role: '', name: 'M2', parent: 'm1' })
    assert.equal(tree.next, 5)
  })

  test('changes with names, places and ends', () => {
    const changed = [
      { type: 'MailboxRenamed', payload: { mailbox: 'm2', name: 'New' } },
      { type: 'MailboxMoved', payload: { mailbox: 'm2', parent: '' } },
      { type: 'MailboxDeleted', payload: { mailbox: 'm4' } },
    ] as const
    const after = changed.reduce(evolve, tree)
    assert.deepEqual(after.mailboxes.get('m2'), { id: 'm2', role: '', name: 'New', parent: '' })
    assert.equal(after.mailboxes.has('m4'), false)
    assert.equal(after.next, 5, 'an id is not given again')
    assert.equal(tree.mailboxes.get('m2')!.name, 'M2', 'what was before is as it was')
  })

  test('is not changed by changes of what is not there, nor by messages', () => {
    const others: MailEvent[] = [
      { type: 'MailboxRenamed', payload: { mailbox: 'm9', name: 'x' } },
      { type: 'MailboxMoved', payload: { mailbox: 'm9', parent: '' } },
      { type: 'MailboxDeleted', payload: { mailbox: 'm9' } },
      { type: 'MessagesMarkedSeen', payload: { placements: [1], seen: true } },
      { type: 'MailErased', payload: {} },
    ]
    assert.deepEqual(others.reduce(evolve, tree), tree)
  })

  test('is walked down and up', () => {
    assert.deepEqual(
      childrenOf(tree, 'm1').map(({ id }) => id),
      ['m2', 'm4'],
    )
    assert.deepEqual(descendants(tree, 'm1').toSorted(), ['m2', 'm3', 'm4'])
    assert.equal(descendants(tree, 'm1')[0], 'm3', 'the deepest first')
    assert.deepEqual(descendants(tree, 'm9'), [])
    assert.deepEqual(ancestry(tree, 'm3'), ['m3', 'm2', 'm1'])
    assert.deepEqual(ancestry(tree, 'm9'), [])
    assert.deepEqual(pathOf(tree, 'm3'), ['M1', 'M2', 'M3'])
  })

  test('of ten thousand mailboxes is walked in no time that grows with their square', () => {
    const mailboxes = new Map(
      Array.from({ length: 10_000 }, (_, n) => {
        const parent = n === 0 ? '' : `m${Math.floor((n - 1) / 3)}`
        return [`m${n}`, { id: `m${n}`, role: '', name: `${n}`, parent }] as const
      }),
    )
    assert.equal(descendants({ mailboxes, next: 1 }, 'm0').length, 9999)
  })

  test('below a mailbox comes before it, whatever the tree', () => {
    const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(parents, (choices) => {
        const events = [
          created('m0'),
          ...choices.map((choice, n) => created(`m${n + 1}`, `m${choice % (n + 1)}`)),
        ]
        const all = of(...events)
        const below = descendants(all, 'm0')
        assert.equal(below.length, choices.length)
        for (const id of below) {
          const { parent } = all.mailboxes.get(id)!
          if (parent !== 'm0') assert.ok(below.indexOf(id) < below.indexOf(parent))
        }
      }),
    )
  })
})

describe('the number of the next mailbox', () => {
  test('grows over every number that was given', () => {
    assert.equal(nextAfter(1, 'm1', ''), 2)
    assert.equal(nextAfter(5, 'm3', ''), 5)
    assert.equal(userMailboxId(7), 'm7')
  })

  test('is not told by default mailboxes, nor by ids of another form', () => {
    for (const [id, role] of [
      ['inbox', 'inbox'],
      ['m5', 'inbox'],
      ['x5', ''],
      ['m', ''],
      ['m5x', ''],
      [`m${'9'.repeat(20)}`, ''],
    ] as const) {
      assert.equal(nextAfter(3, id, role), 3, id)
    }
  })
})
