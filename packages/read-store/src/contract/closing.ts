import assert from 'node:assert/strict'
import { ledger, note, noteAll, notesOf, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

const closed = { code: 'STORE_CLOSED', retryable: true }

export const closingRules = (rule: Rule) => {
  rule('who waits when it stops is told so', async ({ log, project }) => {
    const projector = await project(ledger())
    const wait = projector.waitFor((await note(log, 'here')) + 1000, soon())
    const refused = assert.rejects(wait, closed)
    await projector.stop()
    await refused
    await assert.rejects(projector.waitFor(1, soon()), closed)
  })

  rule('nothing is read after it has stopped', async ({ log, project }) => {
    await note(log, 'here')
    const projector = await project(ledger())
    await projector.stop()
    await assert.rejects(notesOf(projector.store), closed)
    await assert.rejects(
      projector.store.snapshot((reader) => notesOf(reader)),
      closed,
    )
    await assert.rejects(projector.rebuild(), closed)
  })

  rule('it may be stopped twice, and by its store', async ({ project }) => {
    const projector = await project(ledger())
    await Promise.all([projector.stop(), projector.store.close()])
    await projector.stop()
  })

  rule('what is appended after the stop is there after the next start', async ({ log, project }) => {
    await (await project(ledger())).stop()
    await noteAll(log, texts(10))
    assert.equal((await notesOf((await project(ledger())).store)).length, 10)
  })

  rule('a snapshot that is open when it stops finishes', async ({ log, project }) => {
    await note(log, 'here')
    const projector = await project(ledger())
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const reading = projector.store.snapshot(async (reader) => {
      entered.resolve()
      await leave.promise
      return notesOf(reader)
    })
    await entered.promise
    const stopping = projector.stop()
    leave.resolve()
    assert.deepEqual(await reading, ['here'])
    await stopping
  })

  rule('only the projection writes its rows', async ({ project }) => {
    const { store } = await project(ledger())
    await assert.rejects(
      store.transaction((writer) => writer.run('DELETE FROM entry')),
      { code: 'READ_MODEL_READ_ONLY', retryable: false },
    )
  })

  rule('a store that is closed refuses', async ({ store }) => {
    const rows = await store({ schema: ['CREATE TABLE one (tenant TEXT PRIMARY KEY)'], version: 1 })
    await rows.close()
    await rows.close()
    await assert.rejects(rows.all('SELECT * FROM one'), closed)
    await assert.rejects(
      rows.transaction(async () => 1),
      closed,
    )
  })
}
