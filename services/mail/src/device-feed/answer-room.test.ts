import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AnswerTooLarge } from '@relais/sync-state'
import fc from 'fast-check'
import { AnswerRoom } from './answer-room.ts'

/** How many operations there is room for; undefined: for all. */
const fitsOf = (take: () => void): number | undefined => {
  try {
    take()
    return undefined
  } catch (error) {
    assert.ok(error instanceof AnswerTooLarge)
    return error.fits
  }
}

describe('the room of an answer', () => {
  test('is for all mailboxes together, and says how many operations it has room for', () => {
    const room = new AnswerRoom(100)
    room.take([40, 40])
    assert.equal(
      fitsOf(() => room.take([10, 10, 1])),
      4,
    )
    assert.equal(
      fitsOf(() => new AnswerRoom(100).take([100])),
      undefined,
    )
  })

  test('is there for a single one however long it is, so that a phone always gets on', () => {
    assert.equal(
      fitsOf(() => new AnswerRoom(100).take([1000])),
      undefined,
    )
    assert.equal(
      fitsOf(() => new AnswerRoom(100).take([1000, 1])),
      1,
    )
  })

  test('is another one for what is fetched: as many as fit, one at least', () => {
    const room = new AnswerRoom(100)
    assert.deepEqual(
      [[], [100], [101], [50, 50, 1], [101, 1]].map((sizes) => room.fetched(sizes)),
      [0, 1, 1, 2, 1],
    )
  })

  test('has room for as many as it said', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { minLength: 1 }), (sizes) => {
        const fits = fitsOf(() => new AnswerRoom(100).take(sizes))
        if (fits === undefined) return
        assert.ok(fits >= 1 && fits < sizes.length)
        assert.equal(
          fitsOf(() => new AnswerRoom(100).take(sizes.slice(0, fits))),
          undefined,
        )
      }),
    )
  })
})
