import assert from 'node:assert/strict'
import { ledger, note, noteAll, notesOf, range, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

export const snapshotRules = (rule: Rule) => {
  rule('reads in a snapshot see one moment while rows are projected', async ({ log, project }) => {
    const projector = await project(ledger())
    await projector.waitFor(await note(log, 'before'), soon())
    const { first, second } = await projector.store.snapshot(async (reader) => {
      const first = await notesOf(reader)
      await projector.waitFor(await note(log, 'after'), soon())
      return { first, second: await notesOf(reader) }
    })
    assert.deepEqual(first, ['before'])
    assert.deepEqual(second, ['before'])
    assert.deepEqual(await notesOf(projector.store), ['before', 'after'])
  })

  rule('who asks after a commit never shares an older moment', async ({ log, project }) => {
    const projector = await project(ledger())
    const { store } = projector
    await store.snapshot(async () => {
      for (const at of range(5)) {
        const position = await note(log, `note ${at}`)
        await projector.waitFor(position, soon())
        const seen = await store.snapshot(async (reader, checkpoint) => ({
          checkpoint,
          notes: await notesOf(reader),
        }))
        assert.equal(seen.checkpoint, position)
        assert.equal(seen.notes.length, at + 1)
      }
    })
  })

  rule('many snapshots at once all answer', async ({ log, project }) => {
    await noteAll(log, texts(50))
    const { store } = await project(ledger())
    const counts = await Promise.all(
      range(300).map(() => store.snapshot(async (reader) => (await notesOf(reader)).length)),
    )
    assert.deepEqual(new Set(counts), new Set([50]))
  })

  rule("a snapshot's error is the caller's, and the next one works", async ({ log, project }) => {
    await note(log, 'here')
    const { store } = await project(ledger())
    await assert.rejects(
      store.snapshot(async () => {
        throw new Error('mine')
      }),
      /mine/,
    )
    await assert.rejects(
      store.snapshot((reader) => reader.get('SELECT * FROM nowhere')),
      /nowhere/,
    )
    assert.deepEqual(await store.snapshot((reader) => notesOf(reader)), ['here'])
  })

  rule('a reader is of no use after its snapshot', async ({ project }) => {
    const { store } = await project(ledger())
    const kept = await store.snapshot(async (reader) => reader)
    await assert.rejects(kept.all('SELECT * FROM entry'), { code: 'TRANSACTION_OVER' })
  })
}
