import assert from 'node:assert/strict'
import type { ReadModel, ReadStore } from '../port.ts'
import { ledger, note, noteAll, notesOf, scalar, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

/** A later version of the ledger: notes in capitals, and a table more. */
const second = (overrides: Partial<ReadModel> = {}): ReadModel =>
  ledger({
    version: 2,
    schema: [
      ...ledger().schema,
      'CREATE TABLE seen (tenant TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (tenant, position))',
    ],
    project: async (writer, commit, gathered) => {
      await ledger().project(writer, commit, gathered)
      await writer.run('UPDATE entry SET note = UPPER(note) WHERE position = ?', commit.position)
      await writer.run('INSERT INTO seen VALUES (?, ?)', commit.stream.tenant, commit.position)
    },
    ...overrides,
  })

const INDEXES = {
  sqlite: "SELECT COUNT(*) FROM sqlite_master WHERE name = 'entry_by_note'",
  postgresql:
    "SELECT COUNT(*) FROM pg_indexes WHERE indexname = 'entry_by_note' AND schemaname = ANY (current_schemas(false))",
} as const

/** How many indexes for readers there are where a store reads. */
const countIndexes = async (store: ReadStore) => Number(await scalar(store, INDEXES[store.dialect]))

export const versionRules = (rule: Rule) => {
  rule('another version is built from the log before it serves', async ({ log, project }) => {
    await noteAll(log, texts(20))
    await (await project(ledger())).stop()
    const projector = await project(second())
    assert.equal((await notesOf(projector.store))[0], 'NOTE 0')
    assert.equal(await scalar(projector.store, 'SELECT COUNT(*) FROM seen'), 20)
  })

  rule('its building tells how far it is', async ({ log, project }) => {
    const last = await noteAll(log, texts(500))
    const told: [number, number][] = []
    await project(second(), { onBuild: (position, head) => told.push([position, head]) })
    assert.deepEqual(told.at(-1), [last, last])
  })

  rule(
    'readers have their indexes from the first read on, also after a rebuild',
    async ({ log, project }) => {
      await noteAll(log, texts(20))
      const projector = await project(ledger())
      assert.equal(await countIndexes(projector.store), 1)
      await projector.rebuild()
      assert.equal(await countIndexes(projector.store), 1)
    },
  )

  rule('an index for readers that is new under the same version is there', async ({ log, project }) => {
    await noteAll(log, texts(20))
    await (await project(ledger({ readingIndexes: [] }))).stop()
    const projector = await project(ledger())
    assert.equal(await countIndexes(projector.store), 1)
    assert.equal((await notesOf(projector.store)).length, 20)
  })

  rule('tables that changed under the same version are built anew', async ({ log, project }) => {
    await noteAll(log, texts(20))
    await (await project(ledger())).stop()
    const projector = await project(second({ version: 1 }))
    assert.equal(await scalar(projector.store, 'SELECT COUNT(*) FROM seen'), 20)
  })

  rule('going back to the version before finds rows up to date too', async ({ log, project }) => {
    await noteAll(log, texts(20))
    await (await project(ledger())).stop()
    await (await project(second())).stop()
    await note(log, 'later')
    const projector = await project(ledger())
    assert.deepEqual((await notesOf(projector.store)).at(-1), 'later')
    await projector.stop()
    const again = await project(second())
    assert.deepEqual((await notesOf(again.store)).at(-1), 'LATER')
    assert.equal((await notesOf(again.store)).length, 21)
  })

  rule('two read models in one place have nothing to do with each other', async ({ log, project }) => {
    const mail = ledger({ name: 'ledger-mail', service: 'mail' })
    const [ours, theirs] = await Promise.all([project(ledger()), project(mail)])
    await ours.waitFor(await note(log, 'ours'), soon())
    await theirs.waitFor(await note(log, 'theirs', { service: 'mail' }), soon())
    assert.deepEqual(await notesOf(ours.store), ['ours'])
    assert.deepEqual(await notesOf(theirs.store), ['theirs'])
  })

  rule('a name that is no name for a read model is refused', async ({ project }) => {
    for (const name of ['', '../ledger', 'Ledger', 'a/b', 'a.b']) {
      await assert.rejects(project(ledger({ name })), { code: 'SCHEMA_INVALID' })
    }
  })
}
