import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { terminal } from '@relais/service-kit'
import type { CommandOutcome, Waiting } from '../commands/command.ts'
import { emptyAnswer } from '../commands/command.ts'
import type { DeviceRows } from '../devices/device-rows.ts'
import { HeldRequests } from '../held/held-requests.ts'
import { FollowedAccount } from '../push/followed-accounts.ts'
import { Waiters } from '../push/waiters.ts'
import type { AdmissionDeps } from './admission.ts'
import { trustedProxies } from './client-address.ts'
import { holdPost } from './held-post.ts'
import type { Post } from './post.ts'

const device = { tenant: 'acme', account: 'u1', device: 'd1' }

/** Stands for a connection; rows that another process changed once, while the request waited. */
const setUp = (t: TestContext, { destroyed = false } = {}) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const held = new HeldRequests()
  const waiters = new Waiters({ clock: Date.now, random: () => 0 })
  const followed = new FollowedAccount()
  const response = Object.assign(new EventEmitter(), { destroyed })
  const told: string[] = []
  const commits = [false, true]
  const rows = {
    device,
    rest: () => void told.push('rows rest'),
    refresh: async () => void told.push('rows read again'),
    commit: async () => commits.shift() ?? true,
  } as unknown as DeviceRows
  const waiting: Waiting = {
    kind: 'waiting',
    wait: { device, followed, collections: ['inbox'], hierarchy: true, forMs: 60_000, behind: () => [] },
    goOn: ({ kind }) => {
      told.push(kind)
      return emptyAnswer
    },
  }
  const outcomes: Promise<CommandOutcome>[] = []
  const headers = { authorization: 'Basic x', 'accept-encoding': 'gzip', 'user-agent': 'phone' }
  const request = { headers, rawHeaders: ['Authorization', 'Basic x'], socket: {} } as IncomingMessage
  const post = {
    request,
    response: response as unknown as ServerResponse,
    correlation: '',
    traceparent: '',
    rows,
  }
  const admission = {} as AdmissionDeps // asked by a re-check alone: test/held.int.test.ts
  const deps = { ...admission, held, waiters, proxies: trustedProxies([]) }
  holdPost(deps, { post, waiting, goOn: (_, work) => outcomes.push(work()) })
  const change = () => followed.note({ position: 1, collections: ['inbox'], device: '' })
  return {
    post: post as Post,
    held,
    waiters,
    followed,
    response,
    told,
    outcomes,
    change,
    tick: (ms: number) => t.mock.timers.tick(ms),
  }
}

const reasonOf = (outcome: Promise<CommandOutcome> | undefined) =>
  outcome?.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  )

describe('a request that waits', () => {
  test('is held until something happens', (t) => {
    const { outcomes, held, change } = setUp(t)
    assert.deepEqual([outcomes.length, held.count], [0, 1])
    change()
    assert.deepEqual([outcomes.length, held.count], [1, 0])
  })
  test('decides on rows as they are then, and anew where another request of the device came first', async (t) => {
    const { change, told, outcomes } = setUp(t)
    change()
    assert.equal(await outcomes[0], emptyAnswer)
    assert.deepEqual(told, ['rows rest', 'rows read again', 'changes', 'changes'])
  })
  test('goes on once, whatever else happens', (t) => {
    const { outcomes, change, response, held, tick } = setUp(t)
    change()
    change()
    response.emit('close')
    held.endAccount('acme', 'u1', terminal('ACCOUNT_LOCKED', ''))
    tick(120_000)
    assert.equal(outcomes.length, 1)
  })
  test('goes on when its time is over', async (t) => {
    const { outcomes, told, tick } = setUp(t)
    tick(62_000)
    await outcomes[0]
    assert.equal(told[2], 'expired')
  })
  test('ends with its connection', async (t) => {
    const { response, outcomes, held, waiters } = setUp(t)
    response.emit('close')
    assert.equal(await reasonOf(outcomes[0]), 'CANCELLED')
    assert.deepEqual([held.count, waiters.count], [0, 0])
  })
  test('ends at once if its connection is gone already, and nothing waits for it', async (t) => {
    const { outcomes, held, waiters, followed } = setUp(t, { destroyed: true })
    assert.equal(await reasonOf(outcomes[0]), 'CANCELLED')
    assert.deepEqual([held.count, waiters.count, followed.listeners.size], [0, 0, 0])
  })
  test('ends with its account, and with no other', async (t) => {
    const { outcomes, held, waiters } = setUp(t)
    held.endAccount('acme', 'u2', terminal('ACCOUNT_LOCKED', ''))
    assert.equal(outcomes.length, 0)
    held.endAccount('acme', 'u1', terminal('ACCOUNT_LOCKED', ''))
    assert.equal(await reasonOf(outcomes[0]), 'ACCOUNT_LOCKED')
    assert.equal(waiters.count, 0)
  })
  test('keeps of its head what its answer and a new look at its credential need', (t) => {
    const { post } = setUp(t)
    assert.deepEqual(post.caller, { authorization: 'Basic x', address: '' })
    assert.deepEqual(post.request.headers, { 'accept-encoding': 'gzip' })
    assert.deepEqual(post.request.rawHeaders, [])
  })
  test('leaves no listener behind', (t) => {
    const { response, followed, change } = setUp(t)
    change()
    assert.deepEqual([response.listenerCount('close'), followed.listeners.size], [0, 0])
  })
})
