import assert from 'node:assert/strict'
import { ledger, note, noteAll, notesOf, soon, texts } from './ledger.ts'
import type { Rule } from './rule.ts'

export const tenantRules = (rule: Rule) => {
  rule("accounts of one name in two tenants don't see each other's rows", async ({ log, project }) => {
    const projector = await project(ledger())
    await note(log, 'theirs', { tenant: 'umbrella' })
    await projector.waitFor(await note(log, 'ours'), soon())
    assert.deepEqual(await notesOf(projector.store, 'mike', 'acme'), ['ours'])
    assert.deepEqual(await notesOf(projector.store, 'mike', 'umbrella'), ['theirs'])
  })

  rule('tenant and account names that look alike joined are different streams', async ({ log, project }) => {
    await note(log, 'one', { tenant: 'a', account: 'b/c', expected: 0 })
    await note(log, 'two', { tenant: 'a/b', account: 'c', expected: 0 })
    await note(log, 'three', { tenant: 'a/b/c', account: ' ', expected: 0 })
    const projector = await project(ledger())
    assert.equal(projector.fault(), undefined)
    assert.deepEqual(await notesOf(projector.store, 'b/c', 'a'), ['one'])
    assert.deepEqual(await notesOf(projector.store, 'c', 'a/b'), ['two'])
  })

  rule('hundreds of streams side by side keep count of their own commits', async ({ log, project }) => {
    const names = texts(300, 'u')
    await Promise.all(
      names.map(async (account) => {
        const first = await note(log, 'first', { account, expected: 0 })
        await note(log, 'second', { account, expected: first })
      }),
    )
    const projector = await project(ledger())
    assert.equal(projector.fault(), undefined)
    for (const account of names)
      assert.deepEqual(await notesOf(projector.store, account), ['first', 'second'])
  })

  rule('purging one account leaves the rows of others able to go on', async ({ log, project }) => {
    await noteAll(log, texts(5), { account: 'leaver' })
    const projector = await project(ledger())
    await projector.waitFor(await note(log, 'stays'), soon())
    await log.purge('acme', 'leaver')
    await projector.waitFor(await note(log, 'goes on'), soon())
    await projector.rebuild()
    assert.deepEqual(await notesOf(projector.store), ['stays', 'goes on'])
    assert.deepEqual(await notesOf(projector.store, 'leaver'), [])
  })
}
