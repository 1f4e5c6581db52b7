import assert from 'node:assert/strict'
import { ledger, note, noteAll, notesOf, range, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

export const rebuildingRules = (rule: Rule) => {
  rule('rows after a rebuild equal those before', async ({ log, project, rows }) => {
    await noteAll(log, texts(500), { account: 'eva' })
    const projector = await project(ledger())
    await projector.waitFor(await noteAll(log, texts(100)), soon())
    const before = await rows(projector.store)
    await projector.rebuild()
    assert.deepEqual(await rows(projector.store), before)
  })

  rule(
    'rows serve while they are built anew, and what is appended meanwhile is there',
    async ({ log, project }) => {
      await noteAll(log, texts(3000))
      const projector = await project(ledger())
      let rebuilding = true
      const rebuilt = projector.rebuild().finally(() => {
        rebuilding = false
      })
      let reads = 0
      while (rebuilding) {
        const position = await note(log, `meanwhile ${reads}`)
        await projector.waitFor(position, soon())
        assert.equal((await notesOf(projector.store)).at(-1), `meanwhile ${reads}`)
        reads += 1
      }
      await rebuilt
      assert.equal((await notesOf(projector.store)).length, 3000 + reads)
      assert.ok(reads > 0)
    },
  )

  rule(
    'a snapshot that is open at the switch finishes on the rows it began with',
    async ({ log, project }) => {
      await noteAll(log, texts(10))
      const projector = await project(ledger())
      const entered = Promise.withResolvers<void>()
      const leave = Promise.withResolvers<void>()
      const reading = projector.store.snapshot(async (reader) => {
        await notesOf(reader)
        entered.resolve()
        await leave.promise
        return notesOf(reader)
      })
      await entered.promise
      const rebuilt = projector.rebuild()
      const switched = Promise.withResolvers<void>()
      projector.onProjected(() => switched.resolve())
      await switched.promise
      await projector.waitFor(await note(log, 'after'), soon())
      leave.resolve()
      assert.equal((await reading).length, 10)
      await rebuilt
      assert.equal((await notesOf(projector.store)).length, 11)
    },
  )

  rule('a rebuild tells how far it is', async ({ log, project }) => {
    const last = await noteAll(log, texts(1000))
    const projector = await project(ledger())
    const told: [number, number][] = []
    await projector.rebuild((position, head) => told.push([position, head]))
    assert.deepEqual(told.at(-1), [last, last])
    assert.ok(told.every(([position, head]) => position <= head))
  })

  rule('two who ask for a rebuild at once get the same one', async ({ log, project }) => {
    await noteAll(log, texts(100))
    let projected = 0
    const model = ledger()
    const counting = ledger({
      project: async (writer, commit, gathered) => {
        projected += 1
        await model.project(writer, commit, gathered)
      },
    })
    const projector = await project(counting)
    projected = 0
    await Promise.all([projector.rebuild(), projector.rebuild()])
    assert.equal(projected, 100)
  })

  rule('rebuilt again and again, and opened again, the rows are the same', async ({ log, project, rows }) => {
    await noteAll(log, texts(50))
    let projector = await project(ledger())
    const before = await rows(projector.store)
    for (const _ of range(3)) await projector.rebuild()
    await projector.stop()
    projector = await project(ledger())
    assert.deepEqual(await rows(projector.store), before)
  })

  rule('a rebuild that fails leaves the rows as they are', async ({ log, project, rows }) => {
    await noteAll(log, texts(50))
    let broken = false
    const model = ledger()
    const fragile = ledger({
      project: async (writer, commit, gathered) => {
        if (broken) throw new Error('broken meanwhile')
        await model.project(writer, commit, gathered)
      },
    })
    const projector = await project(fragile)
    const before = await rows(projector.store)
    broken = true
    await assert.rejects(projector.rebuild(), { code: 'PROJECTION_FAILED' })
    assert.deepEqual(await rows(projector.store), before)
    broken = false
    await projector.waitFor(await note(log, 'after'), soon())
    assert.equal((await notesOf(projector.store)).length, 51)
  })

  rule('one can stop in the middle of a rebuild', async ({ log, project }) => {
    await noteAll(log, texts(2000))
    const projector = await project(ledger())
    const rebuilt = projector.rebuild()
    await projector.stop()
    await rebuilt.catch((error) => assert.equal(error.code, 'STORE_CLOSED'))
    const again = await project(ledger())
    assert.equal((await notesOf(again.store)).length, 2000)
  })
}
