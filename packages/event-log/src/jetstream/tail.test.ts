import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers, type Msg } from '@nats-io/transport-node'
import fc from 'fast-check'
import type { LogMessage } from './log-api.ts'
import { messages, pagesOf } from './messages.fixture.ts'
import { Tail } from './tail.ts'

/** A message as the server publishes it again after it has stored it. */
const published = ({ position, subject, headers: stored }: LogMessage): Msg => {
  const all = headers()
  for (const key of stored?.keys() ?? []) all.set(key, stored?.get(key) ?? '')
  all.set('Nats-Sequence', String(position))
  all.set('Nats-Subject', subject)
  all.set('Nats-Time-Stamp', new Date(0).toISOString())
  return { headers: all } as Msg
}

const tailOf = (log: readonly LogMessage[], position = 0) => {
  const told: number[] = []
  const faults: unknown[] = []
  const pages = { read: 0 }
  const page = pagesOf(log)
  const tail = new Tail(
    {
      page: async (request) => {
        pages.read++
        return await page(request)
      },
      search: { find: async () => undefined, check: async () => undefined },
      api: { areErased: async () => false },
      onCommit: (commit) => told.push(commit.position),
      onFault: (error) => faults.push(error),
    },
    position,
  )
  return { tail, told, faults, pages }
}

test('notices in order are told as they come, and nothing is read', () => {
  const log = messages(5)
  const { tail, told, pages } = tailOf(log)
  for (const message of log) tail.hear(published(message))
  assert.deepEqual([told, tail.position, pages.read], [[1, 2, 3, 4, 5], 5, 0])
})

test('what was not told of is read before what comes after it', async () => {
  const log = messages(9)
  const { tail, told } = tailOf(log)
  for (const position of [1, 5, 6, 9]) tail.hear(published(log[position - 1] as LogMessage))
  await tail.idle()
  assert.deepEqual(told, [1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a notice that comes again, or too late, is told once', async () => {
  const log = messages(4)
  const { tail, told } = tailOf(log)
  for (const position of [1, 2, 1, 4, 3, 4, 2]) tail.hear(published(log[position - 1] as LogMessage))
  await tail.idle()
  assert.deepEqual(told, [1, 2, 3, 4])
})

test('a head that is known to be higher is caught up with, though no notice came', async () => {
  const { tail, told } = tailOf(messages(6), 2)
  tail.reach(6)
  await tail.idle()
  assert.deepEqual([told, tail.position], [[3, 4, 5, 6], 6])
  tail.reach(4)
  await tail.idle()
  assert.equal(told.length, 4)
})

test('it passes no position of which nobody can prove that nothing is there, and goes on from it', async () => {
  const log = messages(8)
  const { tail, told, faults } = tailOf(log.slice(0, 5))
  tail.reach(8)
  await tail.idle()
  assert.deepEqual([told, tail.position, faults.length], [[1, 2, 3, 4, 5], 5, 1])
  tail.hear(published(log[5] as LogMessage))
  await tail.idle()
  assert.ok(tail.position <= 6)
})

test('a message that is no commit, or no notice at all, is a fault and told to nobody', async () => {
  const { tail, told, faults } = tailOf([])
  tail.hear({} as Msg)
  const alien = headers()
  alien.set('Nats-Sequence', '1')
  tail.hear({ headers: alien } as Msg)
  await tail.idle()
  assert.deepEqual([told, faults.length], [[], 1])
})

test('whatever notices are lost, doubled or late, every commit is told once and in order', () => {
  const heard = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 40 })
  return fc.assert(
    fc.asyncProperty(heard, async (order) => {
      const log = messages(20)
      const { tail, told } = tailOf(log)
      for (const position of order) {
        tail.hear(published(log[position - 1] as LogMessage))
        if (position % 3 === 0) await tail.idle()
      }
      tail.reach(20)
      await tail.idle()
      assert.deepEqual(
        told,
        log.map(({ position }) => position),
      )
    }),
  )
})
