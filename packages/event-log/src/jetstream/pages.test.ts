import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamInfo } from '@nats-io/jetstream'
import type { BatchRequest, LogMessage } from './log-api.ts'
import { messages } from './messages.fixture.ts'
import { coveredPage, coveredPages, type PageApi, type PageRequest } from './pages.ts'

type Servers = {
  /** What the replica has that happens to answer. */
  readonly replica: readonly LogMessage[]
  /** What the leader has, or who was it until it was deposed; absent: nobody leads. */
  readonly leader?: readonly LogMessage[]
  readonly asked?: string[]
}

const apiOf = ({ replica, leader, asked = [] }: Servers): PageApi => ({
  batch: async ({ from, count }: BatchRequest) => {
    asked.push('replica')
    const after = typeof from === 'number' ? from - 1 : 0
    const rest = replica.filter(({ position }) => position > after)
    return { messages: rest.slice(0, count), pending: Math.max(0, rest.length - count) }
  },
  leaderNext: async (_subject, from) => {
    asked.push('leader')
    if (!leader) throw new Error('nobody leads')
    return leader.find(({ position }) => position >= from)
  },
  info: async () => ({ state: { last_seq: leader?.at(-1)?.position ?? 0 } }) as StreamInfo,
})

const page = async (servers: Servers, request: Partial<PageRequest> = {}) => {
  const { messages: given, ...rest } = await coveredPage(apiOf(servers), {
    subject: 'log.>',
    after: 0,
    count: 4,
    ...request,
  })
  return { positions: given.map(({ position }) => position), ...rest }
}

const log = messages(10)

test('a full page is given without the leader being asked: there is more', async () => {
  const asked: string[] = []
  const given = await page({ replica: log, leader: log, asked })
  assert.deepEqual(given, { positions: [1, 2, 3, 4], covered: false, proven: false })
  assert.deepEqual(asked, ['replica'])
})

test('that there is no more the leader must say', async () => {
  const given = await page({ replica: log, leader: log }, { after: 8 })
  assert.deepEqual(given, { positions: [9, 10], covered: true, proven: false })
})

test('a replica that lags behind is not the end: what the leader has next is given too', async () => {
  const given = await page({ replica: log.slice(0, 2), leader: log })
  assert.deepEqual(given, { positions: [1, 2, 3], covered: false, proven: false })
})

test('no more than was asked for is given, also where a replica lags', async () => {
  const given = await page({ replica: log.slice(0, 4), leader: log })
  assert.deepEqual(given.positions, [1, 2, 3, 4])
  assert.equal(given.covered, false)
})

test('a commit at the wanted end or beyond proves that all before it was given', async () => {
  const proven = { covered: true, proven: true }
  assert.deepEqual(await page({ replica: log }, { upTo: 3 }), { positions: [1, 2, 3], ...proven })
  const holes = log.filter(({ position }) => position !== 3)
  assert.deepEqual(await page({ replica: holes }, { upTo: 3 }), { positions: [1, 2], ...proven })
  const lagging = { replica: holes.slice(0, 2), leader: holes }
  assert.deepEqual(await page(lagging, { upTo: 3 }), { positions: [1, 2], ...proven })
})

test('a leader that has less than was there already is not believed: it was deposed', async () => {
  const deposed = { replica: log.slice(0, 7), leader: log.slice(0, 7) }
  await assert.rejects(page(deposed, { after: 6, upTo: 9 }), /lacks what was there already/)
})

test('an end whose commit was erased is no end that anybody has, and is not proven', async () => {
  const erased = log.filter(({ position }) => position < 9)
  const given = await coveredPage(
    {
      ...apiOf({ replica: erased, leader: erased }),
      info: async () => ({ state: { last_seq: 10 } }) as StreamInfo,
    },
    { subject: 'log.>', after: 7, upTo: 10, count: 4 },
  )
  assert.deepEqual([given.messages.length, given.covered, given.proven], [1, true, false])
})

test('while nobody leads a page is as long as some replica has something, and then an error', async () => {
  const given = await page({ replica: log.slice(0, 2) })
  assert.deepEqual(given, { positions: [1, 2], covered: false, proven: false })
  await assert.rejects(page({ replica: log.slice(0, 2) }, { after: 2 }), /nobody leads/)
})

test('beyond the wanted end nothing is asked', async () => {
  const asked: string[] = []
  const given = await page({ replica: log, asked }, { after: 5, upTo: 5 })
  assert.deepEqual([given, asked], [{ positions: [], covered: true, proven: true }, []])
})

test('all pages together are all commits, from whichever replica', async () => {
  const replicas = [log, log.slice(0, 3), log.slice(0, 6), [], log.slice(0, 8)]
  let turn = 0
  const read: number[] = []
  const pages = coveredPages(
    (request) => coveredPage(apiOf({ replica: replicas[turn++ % 5] ?? [], leader: log }), request),
    { subject: 'log.>', after: 0, upTo: 10, count: 2 },
  )
  for await (const given of pages) read.push(...given.map(({ position }) => position))
  assert.deepEqual(read, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})
