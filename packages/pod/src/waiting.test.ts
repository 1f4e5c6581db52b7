import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import { createLogger, retryable, terminal } from '@relais/service-kit'
import fc from 'fast-check'
import { pauseBefore, untilThere } from './waiting.ts'

const setUp = () => {
  const lines: { level: string; msg: string; component: string }[] = []
  const logger = createLogger({
    name: 'test',
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  })
  const slept: number[] = []
  const ending = new AbortController()
  const sleep = async (ms: number, signal: AbortSignal) => {
    slept.push(ms)
    signal.throwIfAborted()
  }
  return { lines, slept, ending, waiting: { logger, signal: ending.signal, random: () => 0, sleep } }
}

const failing = (times: number, error: Error = retryable('LOG_UNAVAILABLE', 'not yet')) => {
  let tried = 0
  return async () => {
    tried += 1
    if (tried <= times) throw error
    return tried
  }
}

describe('waiting for what is missing', () => {
  test('what is there at once is waited for by nobody, and nothing is said', async () => {
    const { waiting, slept, lines } = setUp()
    assert.equal(await untilThere('the log', failing(0), waiting), 1)
    assert.deepEqual([slept, lines], [[], []])
  })

  test('it is said once that it waits and once that it goes on, however often it tried', async () => {
    const { waiting, lines } = setUp()
    assert.equal(await untilThere('the log', failing(40), waiting), 41)
    assert.deepEqual(
      lines.map(({ level, msg, component }) => [level, msg, component]),
      [
        ['warn', 'waiting for it', 'the log'],
        ['info', 'is there now', 'the log'],
      ],
    )
  })

  test('pauses double up to five seconds', async () => {
    const { waiting, slept } = setUp()
    await untilThere('the log', failing(8), waiting)
    assert.deepEqual(slept, [125, 250, 500, 1000, 2000, 2500, 2500, 2500])
  })

  test('what can never work is thrown at once', async () => {
    const { waiting, slept } = setUp()
    const error = terminal('LOG_TOO_OLD', 'the server is too old')
    await assert.rejects(untilThere('the log', failing(3, error), waiting), error)
    assert.deepEqual(slept, [])
  })

  test('an error of nobody’s is waited over like one that says it may pass', async () => {
    const { waiting } = setUp()
    assert.equal(await untilThere('rows', failing(1, new Error('connect ECONNREFUSED')), waiting), 2)
  })

  test('the end of the process ends it', async () => {
    const { waiting, ending } = setUp()
    ending.abort(new Error('the process was told to end'))
    await assert.rejects(untilThere('the log', failing(1), waiting), /told to end/)
  })

  test('a pause is within half and whole of its length, and never beyond five seconds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, r) => {
          const [least, pause, most] = [pauseBefore(n, 0), pauseBefore(n, r), pauseBefore(n, 1)]
          assert.ok(least <= pause && pause <= most && most <= 5_000 && most === 2 * least)
        },
      ),
    )
  })
})
