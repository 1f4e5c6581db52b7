import assert from 'node:assert/strict'
import type { EventLog } from '@relais/event-log'
import { losing } from './faulty-log.ts'
import { ledger, note, notesOf, soon } from './ledger.ts'
import type { Rule } from './rule.ts'

/** Three commits of one stream, each expecting the one before; returns their positions. */
const chain = async (log: EventLog, account = 'mike'): Promise<number[]> => {
  const first = await note(log, 'first', { account, expected: 0 })
  const second = await note(log, 'second', { account, expected: first })
  return [first, second, await note(log, 'third', { account, expected: second })]
}

export const gapRules = (rule: Rule) => {
  rule('a stream whose commits all follow each other has no gap', async ({ log, project }) => {
    await chain(log)
    const projector = await project(ledger())
    assert.equal(projector.fault(), undefined)
    assert.deepEqual(await notesOf(projector.store), ['first', 'second', 'third'])
  })

  rule(
    'a lost commit stops its stream with an alarm; nothing is projected over it',
    async ({ log, project }) => {
      const alarms: Error[] = []
      const [, second, third] = await chain(log)
      const projector = await project(ledger(), {
        log: losing(log, new Set([second!])),
        onAlarm: (alarm) => alarms.push(alarm),
      })
      assert.deepEqual(await notesOf(projector.store), ['first'])
      const { code, position } = projector.fault() as Error & { code: string; position: number }
      assert.deepEqual({ code, position }, { code: 'STREAM_GAP', position: third })
      assert.deepEqual(
        alarms.map(({ message }) => message),
        [projector.fault()!.message],
      )
    },
  )

  rule(
    'later commits of that stream are not projected either, also those that expect nothing',
    async ({ log, project }) => {
      const [, second] = await chain(log)
      const projector = await project(ledger(), { log: losing(log, new Set([second!])) })
      const position = await note(log, 'fourth')
      await assert.rejects(projector.waitFor(position, soon()), {
        code: 'PROJECTION_STOPPED',
        retryable: true,
      })
      await assert.rejects(projector.waitFor(position, soon()), { code: 'PROJECTION_STOPPED' })
      assert.deepEqual(await notesOf(projector.store), ['first'])
    },
  )

  rule('other streams go on', async ({ log, project }) => {
    const [, second] = await chain(log)
    const projector = await project(ledger(), { log: losing(log, new Set([second!])) })
    await projector.waitFor(await note(log, 'hers', { account: 'eva' }), soon())
    await projector.waitFor(await note(log, 'his', { tenant: 'umbrella' }), soon())
    assert.deepEqual(await notesOf(projector.store, 'eva'), ['hers'])
    assert.deepEqual(await notesOf(projector.store, 'mike', 'umbrella'), ['his'])
  })

  rule(
    'the stream stands still after a restart too, with the alarm given again',
    async ({ log, project }) => {
      const [, second] = await chain(log)
      const lossy = losing(log, new Set([second!]))
      await (await project(ledger(), { log: lossy })).stop()
      const alarms: Error[] = []
      const projector = await project(ledger(), { log, onAlarm: (alarm) => alarms.push(alarm) })
      await assert.rejects(projector.waitFor(await note(log, 'fourth'), soon()), {
        code: 'PROJECTION_STOPPED',
      })
      assert.deepEqual(await notesOf(projector.store), ['first'])
      assert.equal((projector.fault() as { code?: string }).code, 'STREAM_GAP')
      assert.equal(alarms.length, 1)
    },
  )

  rule('a rebuild from a repaired log brings the stream back', async ({ log, project }) => {
    const [, second] = await chain(log)
    const lost = new Set([second!])
    const projector = await project(ledger(), { log: losing(log, lost) })
    await note(log, 'fourth')
    lost.clear()
    await projector.rebuild()
    assert.equal(projector.fault(), undefined)
    assert.deepEqual(await notesOf(projector.store), ['first', 'second', 'third', 'fourth'])
    await projector.waitFor(await note(log, 'fifth'), soon())
    assert.equal((await notesOf(projector.store)).length, 5)
  })

  rule('the first commit seen of a stream must be its first', async ({ log, project }) => {
    const [first] = await chain(log)
    const projector = await project(ledger(), { log: losing(log, new Set([first!])) })
    assert.deepEqual(await notesOf(projector.store), [])
    assert.equal((projector.fault() as { code?: string }).code, 'STREAM_GAP')
  })

  rule('a commit that expects nothing counts as the previous one of its stream', async ({ log, project }) => {
    const delivered = await note(log, 'delivered')
    await note(log, 'decided', { expected: delivered })
    const projector = await project(ledger())
    assert.equal(projector.fault(), undefined)
    assert.deepEqual(await notesOf(projector.store), ['delivered', 'decided'])
  })

  rule('a gap while it follows is found as one in history is', async ({ log, project }) => {
    const lost = new Set<number>()
    const projector = await project(ledger(), { log: losing(log, lost) })
    const first = await note(log, 'first', { expected: 0 })
    await projector.waitFor(first, soon())
    const second = first + 1
    lost.add(second)
    assert.equal(await note(log, 'second', { expected: first }), second)
    const third = await note(log, 'third', { expected: second })
    await assert.rejects(projector.waitFor(third, soon()), { code: 'PROJECTION_STOPPED' })
    assert.deepEqual(await notesOf(projector.store), ['first'])
  })
}
