import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstFailure } from './simulation/examine.ts'

/** Other schedules each time; a failing one names its seed. */
const start = Math.floor(Math.random() * 2 ** 30)

function* seedsFrom(first: number, count: number) {
  for (let seed = first; seed < first + count; seed++) yield seed
}

/** In parts, so that it is seen how far it is. */
const inParts = (
  what: string,
  { parts, count, length, from }: { parts: number; count: number; length: number; from: number },
) => {
  for (let part = 0; part < parts; part++) {
    const first = from + part * count
    test(`${count} ${what} from seed ${first} on (${part + 1} of ${parts})`, async () => {
      assert.equal(await firstFailure({ seeds: seedsFrom(first, count), length }), undefined)
    })
  }
}

inParts('random schedules', { parts: 20, count: 1_000, length: 40, from: start })
inParts('long ones', { parts: 8, count: 500, length: 120, from: start + 100_000 })
