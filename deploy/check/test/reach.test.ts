import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reach } from '../src/reach.ts'

const patience = { tries: 3, pauseMs: 0 }
const failing = (failures: number, error: Error) => {
  let asked = 0
  const ask = async () => {
    if (asked++ < failures) throw error
    return 'there'
  }
  return { ask, asked: () => asked }
}

test('somebody who isn’t reached at once is asked again', async () => {
  const { ask, asked } = failing(2, new TypeError('fetch failed'))
  assert.equal(await reach(ask, patience), 'there')
  assert.equal(asked(), 3)
})

test('nobody is asked for ever', async () => {
  const { ask, asked } = failing(9, new TypeError('fetch failed'))
  await assert.rejects(reach(ask, patience), /fetch failed/)
  assert.equal(asked(), 3)
})

test('an answer that is wrong isn’t asked for again', async () => {
  const { ask, asked } = failing(1, new Error('OPTIONS: HTTP 401'))
  await assert.rejects(reach(ask, patience), /401/)
  assert.equal(asked(), 1)
})
