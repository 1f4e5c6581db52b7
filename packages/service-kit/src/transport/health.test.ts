import assert from 'node:assert/strict'
import test from 'node:test'
import { Health } from './health.ts'

type Watch = (
  request: { service: string },
  context: { signal: AbortSignal },
) => AsyncGenerator<{ status: string }, void>

const watching = (health: Health, service: string, signal = new AbortController().signal) =>
  (health.implementation().Watch as unknown as Watch)({ service }, { signal })

const next = async (watch: AsyncGenerator<{ status: string }, void>) => {
  const { value, done } = await watch.next()
  return done ? 'end' : value.status
}

test('a watch tells the present state first, then every other one', async () => {
  const health = new Health()
  health.set('mail', 'SERVING')
  const watch = watching(health, 'mail')
  assert.equal(await next(watch), 'SERVING')
  const changed = next(watch)
  health.set('mail', 'NOT_SERVING')
  assert.equal(await changed, 'NOT_SERVING')
})

test('a state set to what it was is no change', async () => {
  const health = new Health()
  health.set('mail', 'SERVING')
  const watch = watching(health, 'mail')
  await next(watch)
  const changed = next(watch)
  health.set('mail', 'SERVING')
  health.set('other', 'SERVING')
  health.set('mail', 'NOT_SERVING')
  assert.equal(await changed, 'NOT_SERVING')
})

test('a change between two looks is not lost', async () => {
  const health = new Health()
  health.set('mail', 'SERVING')
  const watch = watching(health, 'mail')
  await next(watch)
  health.set('mail', 'NOT_SERVING')
  assert.equal(await next(watch), 'NOT_SERVING')
})

test('a service that comes later is told to who watched for it', async () => {
  const health = new Health()
  const watch = watching(health, 'calendar')
  assert.equal(await next(watch), 'SERVICE_UNKNOWN')
  const changed = next(watch)
  health.set('calendar', 'SERVING')
  assert.equal(await changed, 'SERVING')
})

test('a watch ends with its signal', async () => {
  const health = new Health()
  health.set('mail', 'SERVING')
  const controller = new AbortController()
  const watch = watching(health, 'mail', controller.signal)
  await next(watch)
  const end = next(watch)
  controller.abort()
  assert.equal(await end, 'end')
})

test('when the server goes away all are NOT_SERVING, and watches say so and end', async () => {
  const health = new Health()
  health.set('', 'SERVING')
  health.set('mail', 'SERVING')
  const watch = watching(health, 'mail')
  await next(watch)
  health.close()
  assert.equal(await next(watch), 'NOT_SERVING')
  assert.equal(await next(watch), 'end')
  assert.deepEqual(await health.implementation().Check({ service: '' }), { status: 'NOT_SERVING' })
})

test('a watch that begins after that says so and ends', async () => {
  const health = new Health()
  health.set('mail', 'SERVING')
  health.close()
  const watch = watching(health, 'mail')
  assert.deepEqual([await next(watch), await next(watch)], ['NOT_SERVING', 'end'])
})
