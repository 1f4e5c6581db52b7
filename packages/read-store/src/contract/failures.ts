import assert from 'node:assert/strict'
import type { ReadModel } from '../port.ts'
import { commitOf, ledger, note, noteAll, notesOf, POISON, scalar, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

const stopped = { code: 'PROJECTION_STOPPED', retryable: true }

/** The ledger after its bug was mended: what was poison is a note. */
const mended = (): ReadModel => {
  const { project, ...rest } = ledger()
  return {
    ...rest,
    project: (writer, commit, gathered) => project(writer, commit, gathered).catch(() => {}),
  }
}

export const failureRules = (rule: Rule) => {
  rule(
    'a projection that throws stops before that commit; those before it are there',
    async ({ log, project }) => {
      const projector = await project(ledger())
      const last = await noteAll(log, texts(100))
      const bad = await note(log, POISON)
      await noteAll(log, texts(100, 'later'))
      await assert.rejects(projector.waitFor(bad, soon()), stopped)
      assert.equal(projector.checkpoint(), last)
      assert.equal((await notesOf(projector.store)).length, 100)
    },
  )

  rule('nothing of the commit that failed is there', async ({ log, project }) => {
    const projector = await project(ledger())
    const { position } = await log.append(commitOf(['written first', POISON, 'never']))
    await assert.rejects(projector.waitFor(position, soon()), stopped)
    assert.deepEqual(await notesOf(projector.store), [])
    assert.equal(await scalar(projector.store, 'SELECT COUNT(*) FROM tally'), 0)
  })

  rule('why it stands still can be asked, and is told once', async ({ log, project }) => {
    const alarms: Error[] = []
    const projector = await project(ledger(), { onAlarm: (alarm) => alarms.push(alarm) })
    const position = await note(log, POISON)
    await assert.rejects(projector.waitFor(position, soon()), stopped)
    const fault = projector.fault() as Error & { code: string; position: number }
    assert.equal(fault.code, 'PROJECTION_FAILED')
    assert.equal(fault.position, position)
    assert.match(String(fault.cause), /can not be projected/)
    assert.deepEqual(alarms, [fault])
  })

  rule(
    'while it stands still its rows are read, and who waits for more is refused at once',
    async ({ log, project }) => {
      const projector = await project(ledger())
      await projector.waitFor(await note(log, 'good'), soon())
      await assert.rejects(projector.waitFor(await note(log, POISON), soon()), stopped)
      await assert.rejects(projector.waitFor(await note(log, 'later'), soon()), stopped)
      assert.deepEqual(await notesOf(projector.store), ['good'])
    },
  )

  rule('complete rows are served after a start that finds a bad commit', async ({ log, project }) => {
    await note(log, 'good')
    await (await project(ledger())).stop()
    await note(log, POISON)
    const projector = await project(ledger())
    assert.deepEqual(await notesOf(projector.store), ['good'])
    assert.equal((projector.fault() as { code?: string }).code, 'PROJECTION_FAILED')
  })

  rule(
    'rows that were never complete are not served: the start fails with the reason',
    async ({ log, project }) => {
      await note(log, POISON)
      await assert.rejects(project(ledger()), { code: 'PROJECTION_FAILED' })
    },
  )

  rule('with the bug mended it goes on from where it stood', async ({ log, project }) => {
    const projector = await project(ledger())
    await projector.waitFor(await note(log, 'good'), soon())
    await assert.rejects(projector.waitFor(await note(log, POISON), soon()), stopped)
    await note(log, 'later')
    await projector.stop()
    const again = await project(mended())
    assert.equal(again.fault(), undefined)
    assert.deepEqual(await notesOf(again.store), ['good', POISON, 'later'])
  })

  rule('a row that the tables refuse is a failure like any other', async ({ log, project }) => {
    const refusing = ledger({
      project: async (writer, { stream }) => {
        await writer.run('INSERT INTO tally VALUES (?, ?, 1, NULL)', stream.tenant, stream.account)
      },
    })
    const projector = await project(refusing)
    await assert.rejects(projector.waitFor(await note(log, 'refused'), soon()), stopped)
    assert.equal((projector.fault() as { code?: string }).code, 'PROJECTION_FAILED')
  })
}
