import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { NoticeBoard } from './notice-board.ts'
import type { CommitFilter, Notice, Subscription } from './port.ts'

const noticeOf = (given: Partial<Notice> = {}): Notice => ({
  position: 1,
  tenant: 'acme',
  account: 'mike',
  service: 'mail',
  collections: [],
  device: '',
  traceparent: '',
  at: 1,
  ...given,
})

test('a notice reaches every filter that it matches and no other', () => {
  const name = fc.constantFrom(undefined, 'a', 'b', '')
  const filters = fc.array(fc.record({ tenant: name, account: name, service: name }), { maxLength: 20 })
  const named = fc.constantFrom('a', 'b', 'c')
  const notice = fc.record({ tenant: named, account: named, service: named }).map(noticeOf)
  fc.assert(
    fc.property(filters, notice, (filters, notice) => {
      const board = new NoticeBoard()
      const told = filters.map(() => 0)
      for (const [i, filter] of filters.entries()) board.subscribe(filter, () => told[i]!++)
      board.publish(notice)
      const matching = (filter: CommitFilter) =>
        [
          filter.tenant ?? notice.tenant,
          filter.account ?? notice.account,
          filter.service ?? notice.service,
        ].join() === [notice.tenant, notice.account, notice.service].join()
      assert.deepEqual(
        told,
        filters.map((filter) => (matching(filter) ? 1 : 0)),
      )
    }),
  )
})

test('subscriptions that are opened and closed in any order leave just those that are open', () => {
  const name = fc.constantFrom(undefined, 'a', 'b')
  const step = fc.oneof(
    fc.record({ tenant: name, account: name }).map((filter) => ({ filter })),
    fc.nat(30).map((close) => ({ close })),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const board = new NoticeBoard()
      const open: Subscription[] = []
      const closed = new Set<Subscription>()
      for (const step of steps) {
        if ('filter' in step) open.push(board.subscribe(step.filter, () => undefined))
        else if (open[step.close]) {
          open[step.close]!.close()
          closed.add(open[step.close]!)
        }
        assert.equal(board.size, open.length - closed.size)
      }
    }),
  )
})

test('names run into each other nowhere', () => {
  const board = new NoticeBoard()
  let told = 0
  board.subscribe({ tenant: 'a', account: 'b.c' }, () => told++)
  board.subscribe({ tenant: 'ab' }, () => told++)
  board.publish(noticeOf({ tenant: 'a.b', account: 'c' }))
  board.publish(noticeOf({ tenant: 'a', account: 'bc' }))
  assert.equal(told, 0)
})

test('with 20,000 subscriptions that name an account a notice calls only those of its account', () => {
  const board = new NoticeBoard()
  const told: number[] = []
  for (let i = 0; i < 20_000; i++) {
    board.subscribe({ tenant: 'acme', account: `u_${i}` }, () => told.push(i))
  }
  board.publish(noticeOf({ account: 'u_777' }))
  board.publish(noticeOf({ account: 'u_20000' }))
  assert.deepEqual(told, [777])
})

test('a subscription made by a listener is told the next notice, not this one', () => {
  const board = new NoticeBoard()
  const told: number[] = []
  board.subscribe({}, ({ position }) => {
    if (position === 1) board.subscribe({}, (notice) => told.push(notice.position))
  })
  board.publish(noticeOf({ position: 1 }))
  board.publish(noticeOf({ position: 2 }))
  assert.deepEqual(told, [2])
})

test("a listener that throws costs no other listener its notice, and the mistake isn't swallowed", async (t) => {
  const board = new NoticeBoard()
  let told = 0
  board.subscribe({}, () => {
    throw new Error('a mistake')
  })
  board.subscribe({}, () => told++)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.after(() => {
    for (const other of others) process.on('uncaughtException', other)
  })
  const uncaught = once(process, 'uncaughtException')
  board.publish(noticeOf())
  const [error] = await uncaught
  assert.equal(told, 1)
  assert.equal((error as Error).message, 'a mistake')
})
