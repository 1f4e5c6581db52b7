import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { Client } from 'pg'
import { NoticeBoard } from '../notice-board.ts'
import type { StoredCommit } from '../port.ts'
import type { Session } from './session.ts'
import { Tail } from './tail.ts'

const NEVER_MS = 2 ** 30

const commitAt = (position: number): StoredCommit =>
  ({
    position,
    stream: { tenant: 'acme', account: 'u1', service: 'mail' },
    ...{ collections: ['inbox'], actor: { device: '' }, traceparent: '', at: 0 },
  }) as unknown as StoredCommit

/** A connection for each that was lost, as a session makes them; a log that others append to; a question for its head may take its time. */
const setUp = async (t: TestContext) => {
  const ending = new AbortController()
  const connections: EventEmitter[] = []
  const board = new NoticeBoard()
  const noticed: number[] = []
  const faults: Error[] = []
  const log = { head: 0, asked: async () => {} }
  let prepare: (client: Client) => Promise<void> = async () => {}
  let connected = false
  const connect = async () => {
    if (connected) return
    const client = Object.assign(new EventEmitter(), { query: async () => ({ rows: [] }) })
    client.once('end', () => (connected = false))
    connected = true
    connections.push(client)
    await prepare(client as unknown as Client)
  }
  const session = {
    connected: connect,
    query: async () => {
      await connect()
      return []
    },
    close: async () => {},
  } as unknown as Session
  const tail = new Tail(
    {
      listen: (given) => {
        prepare = given
        return session
      },
      ...{ board, channel: 'log', recheckMs: NEVER_MS, closed: ending.signal },
      page: async (after) => ({
        commits: Array.from({ length: log.head - after }, (_, n) => commitAt(after + n + 1)),
        caughtUp: true,
      }),
      head: async () => {
        const { head } = log
        await log.asked()
        return head
      },
      onFault: (error) => void faults.push(error),
    },
    0,
  )
  tail.subscribe({}, ({ position }) => void noticed.push(position))
  await tail.start()
  t.after(async () => {
    ending.abort()
    await tail.stop()
  })
  const cut = () => void connections.at(-1)?.emit('end')
  return { connections, noticed, faults, log, cut }
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('what was appended while nobody listened is told once there is a connection again', async (t) => {
  const { connections, noticed, log, cut } = await setUp(t)
  log.head = 3
  cut()
  await until(() => noticed.length === 3)
  assert.deepEqual([noticed, connections.length], [[1, 2, 3], 2])
})

test('a connection that is lost while it is looked what the one before it missed is made again at once', async (t) => {
  const { connections, noticed, log, cut } = await setUp(t)
  let answer = () => {}
  log.asked = () => new Promise((resolve) => (answer = resolve))
  cut()
  await until(() => connections.length === 2)
  const first = answer
  cut()
  log.head = 2
  log.asked = async () => {}
  first()
  await until(() => noticed.length === 2)
  assert.deepEqual([noticed, connections.length], [[1, 2], 3])
})

test('a loss is said once, until all is well again', async (t) => {
  const { connections, faults, noticed, log, cut } = await setUp(t)
  log.asked = () => Promise.reject(new Error('gone'))
  cut()
  await until(() => connections.length === 2)
  cut()
  await until(() => connections.length === 3)
  assert.equal(faults.length, 1)
  log.head = 1
  log.asked = async () => {}
  await until(() => noticed.length === 1)
})
