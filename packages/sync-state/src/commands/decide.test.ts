import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BOTTOM } from '../cursor.ts'
import { NOTHING_KNOWN } from '../known-list.ts'
import { placementId } from '../placement.ts'
import type { PlacementRow } from '../placement-row.ts'
import type { PropertyGroup } from '../placements.ts'
import { type JournalEntry, journalKey } from '../rows.ts'
import type { ChangeCommand, DeleteCommand, Facts } from './command.ts'
import { decideCommands } from './decide.ts'
import type { Presentation } from './presentation.ts'
import type { Subjects } from './subjects.ts'

const ID = placementId(10, 0)

const row = (some: Partial<PlacementRow> = {}): PlacementRow => ({
  ...{ id: ID, collection: 'drafts', item: ID, sortKey: 1, hidden: false, side: false, spans: undefined },
  ...{ createdBy: '', createdKey: '', clientId: '', digest: '', movedBy: '' },
  ...{ changed: 0, changedBy: '', changedOther: 0 },
  ...{ groups: { read: 0, flag: 0, categories: 0, content: 0 }, ended: 0, endedCommand: '', movedTo: 0 },
  ...some,
})

/** A group that was changed at a position, by somebody. */
const touched = (group: PropertyGroup, position: number, by = 'other') =>
  row({ changed: position, changedBy: by, groups: { ...row().groups, [group]: position } })

/** A key of device d that has everything up to position 20. */
const presentation = (some: Partial<Presentation> = {}): Presentation => {
  const cursor = {
    ...{ epoch: 1, generation: 1, changes: { position: 20, placement: Number.MAX_SAFE_INTEGER } },
    ...{ added: placementId(20, 0), edge: BOTTOM, told: 20, filter: 0, level: 2, view: 0, list: 0 },
  }
  return {
    ...{ device: 'd', collection: 'drafts', collections: ['drafts'], syncKey: 'k' },
    ...{ presented: cursor, cursor, list: NOTHING_KNOWN, clientWins: false, sideClientWins: false },
    ...some,
  }
}

const facts = (refuses: boolean): Facts => ({
  ...{ valueOf: () => 'theirs', refuses: () => refuses, isEditOf: () => false },
})

const entry = (position: number): JournalEntry =>
  ({ value: 'before', position, syncKey: 'k', noop: false, basis: 10 }) as JournalEntry

type Case = {
  readonly found: PlacementRow | undefined
  readonly with?: Partial<Presentation>
  readonly own?: JournalEntry
  readonly refuses?: boolean
}

const decided = (command: ChangeCommand | DeleteCommand, { found, own, refuses = false, ...rest }: Case) => {
  const journal = new Map(own === undefined ? [] : [[journalKey(ID, 'content'), own]])
  const subjects: Subjects = {
    ...{ rows: new Map(found ? [[found.id, found]] : []), journal, candidates: new Map() },
  }
  const [decision] = decideCommands(presentation(rest.with), subjects, {
    commands: [command],
    facts: facts(refuses),
  })
  return decision!
}

const edit = (group: PropertyGroup = 'content'): ChangeCommand => ({
  ...{ kind: 'change', placement: ID, whole: false, changes: [{ group, value: 'mine' }] },
  judged: ['flag', 'categories', 'content'],
})
const send: DeleteCommand = { kind: 'delete', placement: ID, consumes: true }

describe('confl, of one property group', () => {
  test('an untold change of the group by somebody else is one', () => {
    assert.deepEqual(decided(edit(), { found: touched('content', 30) }), {
      ...{ kind: 'conflict', placement: ID, isPartial: true },
    })
  })

  test('what was told, or concerns another group, is none', () => {
    for (const found of [touched('content', 20), touched('flag', 30), row()])
      assert.equal(decided(edit(), { found }).kind, 'change')
  })

  test('the device’s own last word on it is none, also one that changed nothing', () => {
    const found = touched('content', 30, 'd')
    assert.equal(decided(edit(), { found, own: entry(30) }).kind, 'change')
    assert.equal(decided(edit(), { found: touched('content', 30), own: entry(35) }).kind, 'change')
    assert.equal(decided(edit(), { found: touched('content', 30), own: entry(25) }).kind, 'conflict')
  })

  test('a group that isn’t judged has none, and nothing has where the client wins', () => {
    assert.equal(decided(edit('read'), { found: touched('read', 30) }).kind, 'change')
    const found = touched('content', 30)
    assert.equal(decided(edit(), { found, with: { clientWins: true } }).kind, 'change')
  })

  test('an early change that a later one may have hidden is one: only B says that it was told', () => {
    const found = { ...touched('content', 15), changed: 30, changedBy: 'd', changedOther: 15 }
    assert.equal(decided(edit(), { found }).kind, 'change')
    const { cursor } = presentation()
    assert.equal(decided(edit(), { found, with: { cursor: { ...cursor, told: 12 } } }).kind, 'conflict')
  })
})

describe('a command that does something with the item it ends', () => {
  test('ends it, and says so', () => {
    const decision = decided(send, { found: row() })
    assert.equal(decision.kind, 'delete')
    assert.equal(decision.kind === 'delete' && decision.consumes, true)
  })

  test('of what somebody else ended, or never was, is missing, unlike a Delete', () => {
    const plain: DeleteCommand = { kind: 'delete', placement: ID }
    for (const found of [row({ ended: 30, endedCommand: 'x' }), row({ collection: 'trash' }), undefined]) {
      assert.equal(decided(send, { found }).kind, 'missing')
      assert.equal(decided(plain, { found }).kind, 'gone')
    }
  })

  test('given again finds that it was done', () => {
    const first = decided(send, { found: row() })
    const endedCommand = first.kind === 'delete' ? first.commandId : ''
    assert.equal(decided(send, { found: row({ ended: 30, endedCommand }) }).kind, 'gone')
    const other = { found: row({ ended: 30, endedCommand }), with: { syncKey: 'another' } }
    assert.equal(decided(send, other).kind, 'missing')
  })

  test('is a conflict where somebody else wrote it anew, and gets the item back where it is refused', () => {
    assert.equal(decided(send, { found: touched('content', 30) }).kind, 'conflict')
    assert.equal(decided(send, { found: touched('flag', 30) }).kind, 'delete')
    const refused = decided(send, { found: row(), refuses: true })
    assert.deepEqual(refused.kind === 'refused' && refused.correction, 'change')
  })
})
