import assert from 'node:assert/strict'
import test, { describe, type TestContext } from 'node:test'
import { createLogger } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import { Dependency } from './dependency.ts'

const setUp = (context: TestContext) => {
  const said: string[] = []
  const logger = createLogger({
    name: 'test',
    destination: { write: (line) => said.push(JSON.parse(line).msg) },
  })
  const state = { there: true, asked: 0, silent: false, failing: 0 }
  const dependency = new Dependency({
    name: 'mail',
    logger,
    everyMs: 1,
    timeoutMs: 20,
    random: () => 0,
    check: async () => {
      state.asked += 1
      if (state.silent) await new Promise(() => {})
      if (!state.there || state.failing-- > 0) throw new Error('connection refused')
    },
  })
  context.after(() => dependency.stop())
  const askedAgain = (times: number) => {
    const { asked } = state
    return waitUntil(() => state.asked >= asked + times)
  }
  return { dependency, state, said, askedAgain }
}

describe('a server that is asked whether it is there', () => {
  test('is there from the first answer on, and nothing is said about it', async (context) => {
    const { dependency, said, askedAgain } = setUp(context)
    await dependency.start()
    assert.deepEqual(dependency.health(), { live: true, ready: true })
    await askedAgain(5)
    assert.deepEqual(said, [])
  })

  test('that is lost makes the pod unready but not dead; both are said once', async (context) => {
    const { dependency, state, said } = setUp(context)
    await dependency.start()
    state.there = false
    await waitUntil(() => !dependency.health().ready)
    assert.deepEqual(dependency.health(), { live: true, ready: false, reason: "can't be reached" })
    state.there = true
    await waitUntil(() => dependency.health().ready)
    assert.deepEqual(said, ['was lost; waiting for it', 'is there'])
  })

  test('that fails to answer once is not lost', async (context) => {
    const { dependency, state, said, askedAgain } = setUp(context)
    await dependency.start()
    state.failing = 1
    await askedAgain(3)
    assert.equal(dependency.health().ready, true)
    assert.deepEqual(said, [])
  })

  test('that takes the question and never answers is lost', async (context) => {
    const { dependency, state } = setUp(context)
    state.silent = true
    await dependency.start()
    assert.equal(dependency.health().ready, false)
  })

  test('that is lost is asked more slowly the longer it is, and no more slowly than while it was there', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    let asked = 0
    const logger = createLogger({ name: 'test', level: 'silent' })
    const check = async () => {
      asked += 1
      throw new Error('connection refused')
    }
    const dependency = new Dependency({ name: 'mail', logger, check, random: () => 1 })
    context.after(() => dependency.stop())
    await dependency.start()
    const pauses = [250, 500, 1_000, 2_000, 2_000, 2_000]
    for (const [n, pause] of pauses.entries()) {
      context.mock.timers.tick(pause - 1)
      assert.equal(asked, n + 1)
      context.mock.timers.tick(1)
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(asked, n + 2)
    }
  })

  test('is asked no more once it is stopped', async (context) => {
    const { dependency, state, askedAgain } = setUp(context)
    await dependency.start()
    await askedAgain(1)
    dependency.stop()
    const { asked } = state
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    assert.ok(state.asked <= asked + 1)
  })
})
