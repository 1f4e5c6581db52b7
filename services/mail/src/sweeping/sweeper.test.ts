import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '@relais/service-kit'
import { Sweeper } from './sweeper.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Time that passes when a test says so. */
const createRests = () => {
  let now = 0
  const resting: { until: number; wake: () => void }[] = []
  const rest = (ms: number, signal: AbortSignal) =>
    new Promise<void>((wake) => {
      resting.push({ until: now + ms, wake })
      signal.addEventListener('abort', () => wake())
    })
  const pass = async (ms: number) => {
    now += ms
    for (const { until, wake } of resting) if (until <= now) wake()
    await settled()
  }
  return { rest, pass }
}

const setUp = () => {
  const { rest, pass } = createRests()
  const swept: string[] = []
  const lines: string[] = []
  const failing = new Set<string>()
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  const sweep = async (tenant: string) => {
    swept.push(tenant)
    if (failing.has(tenant)) throw new Error('no')
    return 1
  }
  const tenants = async () => {
    if (failing.has('all')) throw new Error('no list')
    return ['a', 'b', 'b.directory', 'c']
  }
  const sweeper = new Sweeper({ blobs: { tenants }, sweep, logger, rest })
  return { sweeper, swept, lines, failing, pass }
}

test("every tenant is swept soon after the start, and then once a day; another service's space never is", async () => {
  const { sweeper, swept, lines, pass } = setUp()
  await pass(9 * MINUTE)
  assert.deepEqual(swept, [])
  await pass(MINUTE)
  assert.deepEqual(swept, ['a', 'b', 'c'])
  assert.ok(lines.every((line) => line.includes('blobs were swept')))
  await pass(DAY)
  assert.equal(swept.length, 6)
  await sweeper.stop()
})

test("a tenant's failure is told, and isn't the next one's nor the next day's", async () => {
  const { sweeper, swept, lines, failing, pass } = setUp()
  failing.add('b')
  await pass(10 * MINUTE)
  assert.deepEqual(swept, ['a', 'b', 'c'])
  assert.equal(lines.filter((line) => line.includes('could not be swept')).length, 1)
  failing.add('all')
  await pass(DAY)
  assert.equal(swept.length, 3)
  failing.clear()
  await pass(DAY)
  assert.equal(swept.length, 6)
  await sweeper.stop()
})

test('a sweeper that is stopped sweeps no more', async () => {
  const { sweeper, swept, pass } = setUp()
  await sweeper.stop()
  await pass(2 * DAY)
  assert.deepEqual(swept, [])
})
