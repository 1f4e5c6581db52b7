import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Chain } from './chain.ts'

test('a stream whose commits follow on each other has nothing missing', () => {
  const chain = new Chain(0)
  for (const [position, previous] of [
    [3, 0],
    [5, 3],
    [9, 5],
  ] as const) {
    assert.equal(chain.missingBefore('s', previous), undefined)
    chain.accept('s', position)
  }
})

test('a commit that follows on one that was not given tells which', () => {
  const chain = new Chain(0)
  chain.accept('s', 3)
  assert.deepEqual(chain.missingBefore('s', 5), { position: 5, given: false })
  assert.deepEqual(chain.missingBefore('other', 2), { position: 2, given: false })
})

test('what is before the begin of a reading was read by somebody earlier', () => {
  const chain = new Chain(10)
  assert.equal(chain.missingBefore('s', 10), undefined)
  assert.equal(chain.missingBefore('s', 0), undefined)
  assert.deepEqual(chain.missingBefore('s', 11), { position: 11, given: false })
})

test('a commit that follows on something older than what was given says that the latter had gone', () => {
  const chain = new Chain(0)
  chain.accept('s', 8)
  assert.deepEqual(chain.missingBefore('s', 0), { position: 8, given: true })
  assert.deepEqual(chain.missingBefore('s', 5), { position: 8, given: true })
})

test('streams are checked each for itself', () => {
  const chain = new Chain(0)
  chain.accept('a', 1)
  chain.accept('b', 2)
  assert.equal(chain.missingBefore('a', 1), undefined)
  assert.equal(chain.missingBefore('b', 2), undefined)
})

test('with more streams than are kept, checking begins anew and nothing is said to be missing that is not', () => {
  const chain = new Chain(0)
  for (let i = 1; i <= 200_001; i++) chain.accept(`s${i}`, i)
  assert.equal(chain.missingBefore('s1', 1), undefined)
  assert.equal(chain.missingBefore('s200001', 200_001), undefined)
  assert.deepEqual(chain.missingBefore('s1', 200_002), { position: 200_002, given: false })
})

/** A log of a few streams: the stream of each position. */
const log = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 60 })

/** Positions that the chain says are missing when a reading begins after one position and lacks another. */
const missing = (streams: readonly string[], after: number, lacking: number) => {
  const chain = new Chain(after)
  const heads = new Map<string, number>()
  return streams.flatMap((stream, i) => {
    const previous = heads.get(stream) ?? 0
    heads.set(stream, i + 1)
    if (i + 1 <= after || i + 1 === lacking) return []
    const found = chain.missingBefore(stream, previous)
    chain.accept(stream, i + 1)
    return found ? [found.position] : []
  })
}

test('any one commit that is lacking is noticed if its stream goes on, and never another', () => {
  fc.assert(
    fc.property(log, fc.nat(), fc.nat(), (streams, begin, lack) => {
      const after = begin % streams.length
      const lacking = after + 1 + (lack % (streams.length - after))
      const goesOn = streams.slice(lacking).some((stream) => stream === streams[lacking - 1])
      assert.deepEqual(missing(streams, after, lacking), goesOn ? [lacking] : [])
    }),
  )
})
