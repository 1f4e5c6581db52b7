import assert from 'node:assert/strict'
import { LogUnavailableError } from '../port.ts'
import { commitOf, range, readAll } from './commits.ts'
import type { Rule } from './rule.ts'

export const closingRules = (rule: Rule) => {
  rule('appends under way are finished first, also those that have only been asked for', async (opened) => {
    const { log } = opened
    const appends = Promise.all(range(3000).map(() => log.append(commitOf())))
    await log.close()
    assert.equal((await appends).length, 3000)
    await opened.reopen()
    assert.equal((await readAll(opened.log)).length, 3000)
  })

  rule('a closed log refuses everything, and says that later it may work', async ({ log }) => {
    await log.append(commitOf())
    await log.close()
    const attempts = [
      () => log.append(commitOf()),
      () => log.head({}),
      () => readAll(log),
      () => log.purge('acme', 'mike'),
      () => log.follow({}, 0, { signal: new AbortController().signal })[Symbol.asyncIterator]().next(),
    ]
    for (const attempt of attempts) {
      await assert.rejects(attempt(), (error) => {
        assert.ok(error instanceof LogUnavailableError)
        assert.deepEqual([error.code, error.retryable], ['LOG_UNAVAILABLE', true])
        return true
      })
    }
  })

  rule('closing twice is closing once', async ({ log }) => {
    await Promise.all([log.close(), log.close()])
    await log.close()
  })
}
