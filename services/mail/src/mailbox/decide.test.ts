import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { specify } from '@relais/testing'
import type { MailEvent } from '../events.ts'
import {
  decideCreate,
  decideDefaults,
  decideUpdate,
  deletedWith,
  findPath,
  liesInTrash,
  MAX_DEPTH,
  MAX_MAILBOXES,
} from './decide.ts'
import { emptyHierarchy, evolve, type Hierarchy, pathOf } from './mailbox.ts'
import { ROLES } from './roles.ts'

const created = (mailbox: string, name: string, parent = '', role = ''): MailEvent => ({
  type: 'MailboxCreated',
  payload: { mailbox, role, name, parent },
})
const renamed = (mailbox: string, name: string): MailEvent => ({
  type: 'MailboxRenamed',
  payload: { mailbox, name },
})
const moved = (mailbox: string, parent: string): MailEvent => ({
  type: 'MailboxMoved',
  payload: { mailbox, parent },
})
const deleted = (mailbox: string): MailEvent => ({ type: 'MailboxDeleted', payload: { mailbox } })

const defaults = decideDefaults(emptyHierarchy, 'en')
const hierarchyOf = (...events: readonly MailEvent[]): Hierarchy => events.reduce(evolve, emptyHierarchy)

describe('default mailboxes', () => {
  const make = specify({ initialState: emptyHierarchy, evolve, decide: decideDefaults })

  test('a new account gets one mailbox of every role, whose id is the role', () => {
    const made = defaults.map((event) => event.type === 'MailboxCreated' && event.payload)
    assert.deepEqual(
      made.map((mailbox) => mailbox && [mailbox.mailbox, mailbox.role, mailbox.parent]),
      ROLES.map((role) => [role, role, '']),
    )
  })

  test("they are named in the account's language", () => {
    const names = decideDefaults(emptyHierarchy, 'de-AT').map(
      (event) => 'name' in event.payload && event.payload.name,
    )
    assert.deepEqual(names, [
      'Posteingang',
      'Entwürfe',
      'Gesendet',
      'Papierkorb',
      'Spam',
      'Archiv',
      'Postausgang',
    ])
  })

  test('an account that has them gets nothing', () => make.given(defaults).when('en').then([]))

  test('only those that are missing are made', () => {
    make
      .given(defaults.slice(0, 6))
      .when('en')
      .then([created('outbox', 'Outbox', '', 'outbox')])
  })

  test('one whose name the owner has taken gets a number', () => {
    make
      .given([...defaults.slice(0, 6), created('m1', 'OUTBOX')])
      .when('en')
      .then([created('outbox', 'Outbox 2', '', 'outbox')])
  })
})

describe('creating a mailbox', () => {
  const create = specify({ initialState: emptyHierarchy, evolve, decide: decideCreate })

  test('the first of the owner is m1', () => {
    create
      .given(defaults)
      .when({ name: 'Projects', parent: '' })
      .then([created('m1', 'Projects')])
  })

  test('an id is never used twice, also after its mailbox was deleted', () => {
    create
      .given([...defaults, created('m1', 'A'), created('m2', 'B'), deleted('m2')])
      .when({ name: 'C', parent: '' })
      .then([created('m3', 'C')])
  })

  test('it may lie in another, also in a default one', () => {
    create
      .given(defaults)
      .when({ name: 'Lists', parent: 'inbox' })
      .then([created('m1', 'Lists', 'inbox')])
  })

  test('a parent that is not there is refused', () => {
    create.given(defaults).when({ name: 'A', parent: 'm9' }).thenRefused('PARENT_MAILBOX_NOT_FOUND')
  })

  test('names of siblings differ without regard to case and to how accents are written', () => {
    const given = create.given([...defaults, created('m1', 'Café')])
    given.when({ name: 'CAFÉ', parent: '' }).thenRefused('MAILBOX_NAME_TAKEN')
    given.when({ name: 'Cafe\u0301', parent: '' }).thenRefused('MAILBOX_NAME_TAKEN')
    given.when({ name: 'Café', parent: 'inbox' }).then([created('m2', 'Café', 'inbox')])
  })

  test('white space around a name is no part of it', () => {
    create
      .given(defaults)
      .when({ name: '  Projects ', parent: '' })
      .then([created('m1', 'Projects')])
  })

  for (const [what, name] of [
    ['an empty name', ''],
    ['a name of white space', ' \t '],
    ['a name of 257 characters', 'x'.repeat(257)],
    ['a name with a NUL', 'a\0b'],
    ['a name with a line break', 'a\nb'],
    ['a name with a C1 control character', 'a\u0085b'],
    ['a name with a line separator', 'a\u2028b'],
    ['a name with half a character', 'a\ud800b'],
  ] as const) {
    test(`${what} is refused`, () => {
      create.given(defaults).when({ name, parent: '' }).thenRefused('MAILBOX_NAME_INVALID')
    })
  }

  test('a name of 256 characters is taken', () => {
    const name = 'x'.repeat(256)
    create
      .given(defaults)
      .when({ name, parent: '' })
      .then([created('m1', name)])
  })

  test(`mailboxes nest ${MAX_DEPTH} deep and no deeper`, () => {
    const chain = Array.from({ length: MAX_DEPTH }, (_, n) =>
      created(`m${n + 1}`, 'x', n === 0 ? '' : `m${n}`),
    )
    create
      .given(chain.slice(0, -1))
      .when({ name: 'x', parent: `m${MAX_DEPTH - 1}` })
      .then([chain.at(-1)!])
    create
      .given(chain)
      .when({ name: 'x', parent: `m${MAX_DEPTH}` })
      .thenRefused('MAILBOX_TOO_DEEP')
  })

  test(`an account has at most ${MAX_MAILBOXES} mailboxes`, () => {
    const mailboxes = new Map(
      Array.from({ length: MAX_MAILBOXES }, (_, n) => [
        `m${n}`,
        { id: `m${n}`, role: '', name: `${n}`, parent: '' },
      ]),
    )
    assert.throws(() => decideCreate({ mailboxes, next: 1 }, { name: 'A', parent: '' }), {
      code: 'TOO_MANY_MAILBOXES',
    })
  })
})

describe('renaming and moving a mailbox', () => {
  const update = specify({ initialState: emptyHierarchy, evolve, decide: decideUpdate })
  const tree = [...defaults, created('m1', 'A'), created('m2', 'B', 'm1'), created('m3', 'C', 'm2')]

  test('a new name is one event', () => {
    update
      .given(tree)
      .when({ mailbox: 'm1', name: 'Z' })
      .then([renamed('m1', 'Z')])
  })

  test('the same name is nothing', () => update.given(tree).when({ mailbox: 'm1', name: 'A' }).then([]))

  test('a name may change its case', () => {
    update
      .given(tree)
      .when({ mailbox: 'm1', name: 'a' })
      .then([renamed('m1', 'a')])
  })

  test('moved and renamed at once are two events', () => {
    update
      .given(tree)
      .when({ mailbox: 'm3', name: 'Z', parent: 'inbox' })
      .then([moved('m3', 'inbox'), renamed('m3', 'Z')])
  })

  test('to the top is the empty parent', () => {
    update
      .given(tree)
      .when({ mailbox: 'm2', parent: '' })
      .then([moved('m2', '')])
  })

  test('a sibling of that name is in the way, at the old place and at the new one', () => {
    const given = update.given([...tree, created('m4', 'B')])
    given.when({ mailbox: 'm4', name: 'a' }).thenRefused('MAILBOX_NAME_TAKEN')
    given.when({ mailbox: 'm4', parent: 'm1' }).thenRefused('MAILBOX_NAME_TAKEN')
  })

  test('it cannot be moved into itself', () => {
    update.given(tree).when({ mailbox: 'm1', parent: 'm1' }).thenRefused('MAILBOX_INTO_ITSELF')
  })

  test('it cannot be moved into what is under it', () => {
    update.given(tree).when({ mailbox: 'm1', parent: 'm3' }).thenRefused('MAILBOX_INTO_ITSELF')
  })

  test('what is under it counts for the depth', () => {
    const chain = Array.from({ length: MAX_DEPTH - 2 }, (_, n) =>
      created(`m${n + 9}`, 'x', n === 0 ? '' : `m${n + 8}`),
    )
    const bottom = `m${MAX_DEPTH + 6}`
    const given = update.given([...tree, ...chain])
    given.when({ mailbox: 'm2', parent: bottom }).then([moved('m2', bottom)])
    given.when({ mailbox: 'm1', parent: bottom }).thenRefused('MAILBOX_TOO_DEEP')
  })

  for (const role of ROLES) {
    test(`${role} cannot be renamed or moved`, () => {
      update.given(tree).when({ mailbox: role, name: 'Z' }).thenRefused('MAILBOX_IS_DEFAULT')
      update.given(tree).when({ mailbox: role, parent: 'm1' }).thenRefused('MAILBOX_IS_DEFAULT')
    })
  }

  test('what is not there cannot be renamed', () => {
    update.given(tree).when({ mailbox: 'm9', name: 'Z' }).thenRefused('MAILBOX_NOT_FOUND')
  })
})

describe('deleting a mailbox', () => {
  const tree = [
    ...defaults,
    created('m1', 'A'),
    created('m2', 'B', 'm1'),
    created('m3', 'C', 'm2'),
    created('m4', 'D', 'm1'),
    created('m5', 'E', 'trash'),
    created('m6', 'F', 'm5'),
  ]

  test('takes what is under it along, the deepest first', () => {
    const gone = deletedWith(hierarchyOf(...tree), 'm1')
    assert.deepEqual(gone.toSorted(), ['m1', 'm2', 'm3', 'm4'])
    assert.ok(gone.indexOf('m3') < gone.indexOf('m2'))
    assert.equal(gone.at(-1), 'm1')
  })

  test('a default mailbox stays', () => {
    for (const role of ROLES) {
      assert.throws(() => deletedWith(hierarchyOf(...tree), role), { code: 'MAILBOX_IS_DEFAULT' })
    }
  })

  test('what is not there cannot be deleted', () => {
    assert.throws(() => deletedWith(hierarchyOf(...tree), 'm9'), { code: 'MAILBOX_NOT_FOUND' })
  })

  test('one that lies in the trash, however deep, is deleted with its messages', () => {
    assert.equal(liesInTrash(hierarchyOf(...tree), 'm6'), true)
    assert.equal(liesInTrash(hierarchyOf(...tree), 'm3'), false)
  })
})

describe('a path of names', () => {
  const tree = hierarchyOf(
    ...decideDefaults(emptyHierarchy, 'fr'),
    created('m1', 'Projets'),
    created('m2', 'Été', 'm1'),
  )

  test('leads to the mailbox of those names, without regard to case', () => {
    assert.deepEqual(findPath(tree, ['projets', 'ÉTÉ']), { mailbox: 'm2', missing: [] })
  })

  test('says how far it is there and what is missing', () => {
    assert.deepEqual(findPath(tree, ['Projets', 'A', 'B']), { mailbox: 'm1', missing: ['A', 'B'] })
  })

  test("may begin with a default mailbox's name in any language", () => {
    assert.equal(findPath(tree, ['INBOX']).mailbox, 'inbox')
    assert.equal(findPath(tree, ['Sent']).mailbox, 'sent')
    assert.equal(findPath(tree, ['Corbeille']).mailbox, 'trash')
    assert.deepEqual(findPath(tree, ['Papierkorb', 'Alt']), { mailbox: 'trash', missing: ['Alt'] })
  })

  test("means the owner's mailbox where that has the name", () => {
    const own = hierarchyOf(...decideDefaults(emptyHierarchy, 'fr'), created('m1', 'Sent'))
    assert.equal(findPath(own, ['sent']).mailbox, 'm1')
  })

  test('names below the first are no roles', () => {
    assert.deepEqual(findPath(tree, ['Projets', 'Sent']), { mailbox: 'm1', missing: ['Sent'] })
  })

  test('is what the tree says of a mailbox', () => assert.deepEqual(pathOf(tree, 'm2'), ['Projets', 'Été']))
})
