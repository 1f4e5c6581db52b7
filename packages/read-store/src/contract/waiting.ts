import assert from 'node:assert/strict'
import { ledger, note, noteAll, notesOf, range, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

const late = { code: 'DEADLINE_EXCEEDED', retryable: true }

export const waitingRules = (rule: Rule) => {
  rule('who waits for the position of an append reads what it wrote', async ({ log, project }) => {
    const projector = await project(ledger())
    for (const at of range(20)) {
      await projector.waitFor(await note(log, `note ${at}`), soon())
      assert.equal((await notesOf(projector.store)).at(-1), `note ${at}`)
    }
  })

  rule('many who wait for different positions are all answered', async ({ log, project }) => {
    const projector = await project(ledger())
    const found = await Promise.all(
      range(200).map(async (at) => {
        const position = await note(log, `note ${at}`, { account: `u${at % 7}` })
        await projector.waitFor(position, soon())
        return projector.checkpoint() >= position
      }),
    )
    assert.deepEqual(new Set(found), new Set([true]))
  })

  rule(
    'a wait for a position that is there is over at once, whatever its deadline',
    async ({ log, project }) => {
      const position = await note(log, 'here')
      const projector = await project(ledger())
      await projector.waitFor(position, 0)
      await projector.waitFor(0, 0)
    },
  )

  rule('a wait ends at its deadline with DEADLINE_EXCEEDED', async ({ log, project }) => {
    const position = await note(log, 'here')
    const projector = await project(ledger())
    await assert.rejects(projector.waitFor(position + 1000, Date.now() + 20), late)
    await assert.rejects(projector.waitFor(position + 1000, 0), late)
  })

  rule('one that gave up leaves the others waiting', async ({ log, project }) => {
    const projector = await project(ledger())
    const next = (await note(log, 'here')) + 1
    const patient = projector.waitFor(next, soon())
    await assert.rejects(projector.waitFor(next, 0), late)
    const position = await noteAll(log, texts(3))
    await patient
    assert.ok(projector.checkpoint() >= next && position >= next)
  })

  rule(
    "a position of another service's commit is reached without a commit of ours after it",
    async ({ log, project }) => {
      const projector = await project(ledger())
      const ours = await note(log, 'ours')
      const theirs = await note(log, 'theirs', { service: 'mail' })
      await projector.waitFor(theirs, soon())
      assert.equal(projector.checkpoint(), ours)
      assert.deepEqual(await notesOf(projector.store), ['ours'])
    },
  )

  rule('a position that the log has not given yet is waited for', async ({ log, project }) => {
    const projector = await project(ledger())
    const future = (await note(log, 'here')) + 1
    let reached = false
    const wait = projector.waitFor(future, soon()).then(() => {
      reached = true
    })
    await assert.rejects(projector.waitFor(future, Date.now() + 50), late)
    assert.equal(reached, false)
    await noteAll(log, texts(2))
    await wait
  })
}
