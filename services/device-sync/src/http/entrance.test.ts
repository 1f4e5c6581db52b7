import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { defaultEasConfig } from './endpoint-config.ts'
import { createEntrance, placesFor } from './entrance.ts'

const client = () => Object.assign(new EventEmitter(), { destroyed: false })
const entrance = (maxRequests: number) => createEntrance({ ...defaultEasConfig, maxRequests })
const signIn = { remembers: (authorization: string) => authorization === 'Basic known' }

test('who is known has places of its own, however many strangers try passwords', async () => {
  const places = entrance(2)
  const guesses = Array.from({ length: 50 }, (_, n) =>
    placesFor(places, signIn, `Basic guess ${n}`).enter(`Basic guess ${n}`, client()),
  )
  for (const guess of guesses) guess.catch(() => {})
  const known = await placesFor(places, signIn, 'Basic known').enter('Basic known', client())
  assert.deepEqual([places.known.working, places.strangers.working, places.strangers.inLine], [1, 1, 49])
  known.leave()
  for (const guess of guesses) (await guess).leave()
  assert.deepEqual([places.strangers.working, places.strangers.inLine], [0, 0])
})

test('an account’s devices may all stand in line, and no more of it', async () => {
  const { known } = createEntrance({ ...defaultEasConfig, maxRequests: 1, maxDevices: 3 })
  const refused: string[] = []
  const asked = Array.from({ length: 6 }, () => known.enter('a', client()))
  for (const one of asked) one.catch(({ code }) => refused.push(code))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([known.working, known.inLine, refused], [1, 3, ['OVERLOADED', 'OVERLOADED']])
  for (const one of asked)
    await one.then(
      (place) => place.leave(),
      () => {},
    )
})

test('where nobody may work or stand in line everybody is told to come again', async () => {
  const { known } = createEntrance({ ...defaultEasConfig, maxRequests: 0, maxRequestsInLine: 0 })
  await assert.rejects(known.enter('a', client()), { code: 'OVERLOADED' })
})
