import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { merged } from './merged.ts'

async function* stream(...values: readonly (number | Error)[]): AsyncGenerator<number> {
  for (const value of values) {
    if (value instanceof Error) throw value
    yield value
  }
}

const all = async (streams: readonly AsyncIterable<number>[]): Promise<readonly number[]> =>
  (await Array.fromAsync(merged(streams))).toSorted((a, b) => a - b)

const failure = (code: string) => Object.assign(new Error(code), { code })

describe('several streams as one', () => {
  test('bring what each brings', async () => {
    assert.deepEqual(await all([stream(1, 3), stream(), stream(2)]), [1, 2, 3])
    assert.deepEqual(await all([]), [])
  })
  test('go on without one that can not be reached', async () => {
    assert.deepEqual(await all([stream(failure('UNAVAILABLE')), stream(1, 2)]), [1, 2])
  })
  test('end with a failure of one', async () => {
    await assert.rejects(all([stream(1, failure('PERMISSION_DENIED'))]), { code: 'PERMISSION_DENIED' })
  })
  test('are all left when nobody reads any more', async () => {
    let left = 0
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield 1
      } finally {
        left += 1
      }
    }
    for await (const value of merged([endless(), endless()])) if (value === 1) break
    assert.equal(left, 2)
  })
})
