import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Link } from './link.ts'

const linkAt = () => {
  const clock = { now: 0 }
  let moved = 0
  const reconnect = async () => {
    moved++
    throw new Error('closed')
  }
  return { link: new Link({ reconnect }, () => clock.now), clock, moved: () => moved }
}

test('a request that fails now and then leaves the server where it is', async () => {
  const { link, clock, moved } = linkAt()
  for (let i = 0; i < 10; i++) {
    clock.now += 3000
    link.failed()
    link.answered()
  }
  assert.equal(moved(), 0)
})

test('a failure after a long time of nothing to do is the first, not the last', () => {
  const { link, clock, moved } = linkAt()
  link.answered()
  clock.now = 3_600_000
  link.failed()
  assert.equal(moved(), 0)
})

test('a server that fails for four seconds is left, and the next one is given as long', () => {
  const { link, clock, moved } = linkAt()
  link.failed()
  clock.now = 3999
  link.failed()
  assert.equal(moved(), 0)
  clock.now = 4000
  link.failed()
  link.failed()
  assert.equal(moved(), 1)
  clock.now = 7999
  link.failed()
  assert.equal(moved(), 1)
  clock.now = 8000
  link.failed()
  assert.equal(moved(), 2)
})

test('what a request answers or throws is passed on', async () => {
  const { link, clock, moved } = linkAt()
  const fail = async () => {
    throw new Error('no answer')
  }
  await assert.rejects(link.watch(fail), /no answer/)
  clock.now = 5000
  await assert.rejects(link.watch(fail), /no answer/)
  assert.equal(moved(), 1)
  assert.equal(await link.watch(async () => 7), 7)
  clock.now = 60_000
  await assert.rejects(link.watch(fail), /no answer/)
  assert.equal(moved(), 1)
})

test('how long a request was waited for counts: its failure is not the beginning', async () => {
  const { link, clock, moved } = linkAt()
  const failing = (ms: number) =>
    link.watch(async () => {
      clock.now += ms
      throw new Error('no answer')
    })
  await assert.rejects(failing(2000))
  assert.equal(moved(), 0)
  await assert.rejects(failing(2000))
  assert.equal(moved(), 1)
})
