import assert from 'node:assert/strict'
import type { ReadModel } from '../port.ts'
import { repeating } from './faulty-log.ts'
import { ledger, note, noteAll, notesOf, range, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

/** The ledger, and which positions it was asked to project. */
const counted = (): { model: ReadModel; projected: number[] } => {
  const projected: number[] = []
  const model = ledger()
  const project: ReadModel['project'] = (writer, commit, gathered) => {
    projected.push(commit.position)
    return model.project(writer, commit, gathered)
  }
  return { model: { ...model, project }, projected }
}

export const repeatRules = (rule: Rule) => {
  rule('a commit that comes again changes nothing', async ({ log, project }) => {
    await noteAll(log, texts(300))
    const { model, projected } = counted()
    const projector = await project(model, { log: repeating(log) })
    for (const at of range(10)) await projector.waitFor(await note(log, `live ${at}`), soon())
    assert.equal((await notesOf(projector.store)).length, 310)
    assert.equal(new Set(projected).size, projected.length)
  })

  rule('a restart goes on from the checkpoint', async ({ log, project }) => {
    await noteAll(log, texts(100))
    await (await project(counted().model)).stop()
    const later = await note(log, 'later')
    const { model, projected } = counted()
    const projector = await project(model)
    assert.deepEqual(projected, [later])
    assert.equal((await notesOf(projector.store)).length, 101)
  })

  rule('a restart with nothing new projects nothing', async ({ log, project }) => {
    const last = await noteAll(log, texts(10))
    await (await project(counted().model)).stop()
    const { model, projected } = counted()
    assert.equal((await project(model)).checkpoint(), last)
    assert.deepEqual(projected, [])
  })

  rule(
    'rows of another log are not gone on with: they are built anew',
    async ({ log, otherLog, project }) => {
      await noteAll(log, texts(10))
      await (await project(ledger())).stop()
      const other = await otherLog()
      const last = await noteAll(other, texts(4, 'other'))
      const projector = await project(ledger(), { log: other })
      assert.equal(projector.checkpoint(), last)
      assert.deepEqual(await notesOf(projector.store), texts(4, 'other'))
    },
  )

  rule('rows ahead of a log that was restored are built anew', async ({ log, otherLog, project }) => {
    await noteAll(log, texts(10))
    await (await project(ledger())).stop()
    const projector = await project(ledger(), { log: await otherLog() })
    assert.equal(projector.checkpoint(), 0)
    assert.deepEqual(await notesOf(projector.store), [])
  })
}
