import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '@relais/service-kit/errors.ts'
import fc from 'fast-check'
import type { MailEvent } from '../events.ts'
import { decideCreate, decideDefaults, decideUpdate, deletedWith, MAX_DEPTH } from './decide.ts'
import { ancestry, childrenOf, descendants, emptyHierarchy, evolve, type Hierarchy } from './mailbox.ts'
import { ROLES } from './roles.ts'

const ids = fc.constantFrom('', ...ROLES, 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8')
const names = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'Inbox', ' ', '\0'),
  fc.string({ maxLength: 300, unit: 'binary' }),
)

type Command = (state: Hierarchy) => readonly MailEvent[]

const commands: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ name: names, parent: ids })
    .map((command) => (state: Hierarchy) => decideCreate(state, command)),
  fc
    .record({
      mailbox: ids,
      name: fc.option(names, { nil: undefined }),
      parent: fc.option(ids, { nil: undefined }),
    })
    .map((command) => (state: Hierarchy) => decideUpdate(state, command)),
  ids.map(
    (mailbox) => (state: Hierarchy) =>
      deletedWith(state, mailbox).map(
        (id): MailEvent => ({ type: 'MailboxDeleted', payload: { mailbox: id } }),
      ),
  ),
)

/** What a command does to the tree; a refusal has a code and does nothing. */
const step = (state: Hierarchy, command: Command): Hierarchy => {
  try {
    return command(state).reduce(evolve, state)
  } catch (error) {
    assert.ok(isCoded(error) && !error.retryable, String(error))
    return state
  }
}

const fold = (name: string) => name.normalize('NFC').toLowerCase()

const requireSound = ({ mailboxes }: Hierarchy, state: Hierarchy) => {
  for (const role of ROLES) assert.equal(mailboxes.get(role)?.parent, '')
  for (const { id, parent } of mailboxes.values()) {
    assert.ok(parent === '' || mailboxes.has(parent), 'a mailbox lies in one that is there')
    const path = ancestry(state, id)
    assert.equal(mailboxes.get(path.at(-1)!)!.parent, '', 'every mailbox hangs on the top')
    assert.ok(path.length <= MAX_DEPTH)
    const siblings = childrenOf(state, parent).map(({ name }) => fold(name))
    assert.equal(new Set(siblings).size, siblings.length, 'names of siblings differ')
  }
}

const start = decideDefaults(emptyHierarchy, 'en').reduce(evolve, emptyHierarchy)

test('whatever is asked, the mailboxes stay a tree with its default mailboxes and with names that differ', () => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 40 }), (asked) => {
      let state = start
      for (const command of asked) {
        state = step(state, command)
        requireSound(state, state)
      }
    }),
  )
})

test('no id is ever given twice', () => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 60 }), (asked) => {
      const given = new Set<string>()
      let state = start
      for (const command of asked) {
        const next = step(state, command)
        for (const id of next.mailboxes.keys()) {
          if (state.mailboxes.has(id)) continue
          assert.ok(!given.has(id), `${id} again`)
          given.add(id)
        }
        state = next
      }
    }),
  )
})

test('what is under a mailbox is found even where rows form a ring', () => {
  const mailboxes = new Map([
    ['m1', { id: 'm1', role: '', name: 'a', parent: 'm2' }],
    ['m2', { id: 'm2', role: '', name: 'b', parent: 'm1' }],
  ])
  assert.deepEqual(descendants({ mailboxes, next: 3 }, 'm1'), ['m2'])
  assert.deepEqual(ancestry({ mailboxes, next: 3 }, 'm1'), ['m1', 'm2'])
})
