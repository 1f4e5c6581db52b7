import assert from 'node:assert/strict'
import type { CommitFilter, EventLog, NewCommit } from '../port.ts'
import { commitOf, positionsOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

const TENANTS = ['acme', 'umbrella', '-']
const ACCOUNTS = ['mike', 'eva', '-']
const SERVICES = ['mail', 'calendar', 'directory']

/** Every filter over these names, and over one that nobody has. */
const everyFilter = (): CommitFilter[] =>
  [undefined, ...TENANTS, 'nobody'].flatMap((tenant) =>
    [undefined, ...ACCOUNTS, 'nobody'].flatMap((account) =>
      [undefined, ...SERVICES, 'nobody'].map((service) => ({ tenant, account, service })),
    ),
  )

export const matches = ({ tenant, account, service }: CommitFilter, { stream }: Pick<NewCommit, 'stream'>) =>
  (tenant ?? stream.tenant) === stream.tenant &&
  (account ?? stream.account) === stream.account &&
  (service ?? stream.service) === stream.service

/** Two or three commits to each stream, so mixed that no name has all the last ones. */
const fill = async (log: EventLog): Promise<number> => {
  const streams = TENANTS.flatMap((tenant) =>
    ACCOUNTS.flatMap((account) => SERVICES.map((service) => ({ tenant, account, service }))),
  )
  const third = streams.filter((_, i) => i % 5 === 1 || i % 7 === 2)
  const commits = [...streams, ...streams.toReversed(), ...third].map((stream) => commitOf(stream))
  await Promise.all(commits.map((commit) => log.append(commit)))
  return commits.length
}

export const filterRules = (rule: Rule) => {
  rule('each filter reads just the commits that match, in order, in batches of any size', async ({ log }) => {
    const filled = await fill(log)
    const all = await readAll(log)
    assert.equal(all.length, filled)
    for (const filter of everyFilter()) {
      const matching = all.filter((commit) => matches(filter, commit))
      assert.deepEqual(await readAll(log, filter), matching, JSON.stringify(filter))
      const paged: number[] = []
      for await (const batch of log.read(filter, 0, { batch: 4 })) paged.push(...positionsOf(batch))
      assert.deepEqual(paged, positionsOf(matching))
    }
  })

  rule(
    'the head of each filter is the position of the last commit that matches, 0 without one',
    async ({ log }) => {
      await fill(log)
      const all = await readAll(log)
      for (const filter of everyFilter()) {
        const last = all.findLast((commit) => matches(filter, commit))
        assert.equal(await log.head(filter), last?.position ?? 0, JSON.stringify(filter))
      }
    },
  )

  rule('the certain end of the whole log is where its last commit is', async ({ log }) => {
    assert.equal(await log.head({}, { certain: true }), 0)
    await fill(log)
    assert.equal(await log.head({}, { certain: true }), (await readAll(log)).at(-1)?.position)
  })

  rule('an empty name matches nothing: it never stands for all', async ({ log }) => {
    await fill(log)
    for (const field of ['tenant', 'account', 'service']) {
      assert.deepEqual(await readAll(log, { [field]: '' }), [])
      assert.equal(await log.head({ [field]: '' }), 0)
    }
  })

  rule('tenants never meet, whatever signs their names are made of', async ({ log }) => {
    const names = [
      'a',
      'A',
      'a.b',
      'a*',
      '*',
      '>',
      '%',
      '_',
      "a'b",
      'a"b',
      'a/b',
      'a b',
      'b',
      'á',
      'null',
      '0',
      '__proto__',
    ]
    for (const tenant of names) await log.append(commitOf({ tenant, account: 'b.c' }))
    await log.append(commitOf({ tenant: 'a.b', account: 'c' }))
    for (const tenant of names) {
      const commits = await readAll(log, { tenant })
      assert.equal(commits.length, tenant === 'a.b' ? 2 : 1, tenant)
      for (const { stream } of commits) assert.equal(stream.tenant, tenant)
      assert.equal((await readAll(log, { tenant, account: 'b.c' })).length, 1)
    }
    assert.deepEqual(await readAll(log, { tenant: 'a', account: 'b.b.c' }), [])
    assert.equal((await readAll(log, { tenant: 'a.b', account: 'c' })).length, 1)
  })

  rule("a tenant's positions have gaps where other tenants' commits are", async ({ log }) => {
    for (const i of range(9)) await log.append(commitOf({ tenant: `t${i % 3}` }))
    const all = positionsOf(await readAll(log))
    assert.deepEqual(positionsOf(await readAll(log, { tenant: 't1' })), [all[1], all[4], all[7]])
  })
}
