import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observedLog } from './observed-log.ts'
import { ConflictError, type EventLog, type NewCommit } from './port.ts'

const COMMIT: NewCommit = {
  stream: { tenant: 'acme', account: 'mike', service: 'mail' },
  events: [],
  commandId: 'c-1',
  actor: { kind: 'device', id: 'mike', device: 'd_1' },
  principal: 'mike',
  at: 1,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

const logOf = (append: EventLog['append']): EventLog => ({
  append,
  read: () => assert.fail(),
  follow: () => assert.fail(),
  head: async () => 7,
  notices: () => ({ close: () => {} }),
  purge: async () => 3,
  close: async () => {},
})

test('without traces and figures an append is the log’s own, of the very same commit', async () => {
  const given: NewCommit[] = []
  const log = observedLog(
    logOf(async (commit) => {
      given.push(commit)
      return { position: 5, repeated: false }
    }),
  )
  assert.deepEqual(await log.append(COMMIT), { position: 5, repeated: false })
  assert.equal(given[0], COMMIT)
})

test('an error of the log comes through as it is', async () => {
  const error = new ConflictError(9)
  const log = observedLog(logOf(() => Promise.reject(error)))
  await assert.rejects(log.append(COMMIT), (thrown) => thrown === error)
})

test('everything else is the log’s own', async () => {
  const log = observedLog(logOf(() => assert.fail()))
  assert.equal(await log.head({}), 7)
  assert.equal(await log.purge('acme', 'mike'), 3)
})
