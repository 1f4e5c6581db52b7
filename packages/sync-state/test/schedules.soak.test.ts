import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstFailure } from './simulation/examine.ts'

// Other schedules each time; a failing one names its seed.
const start = Math.floor(Math.random() * 2 ** 30)

function* seeds(count: number, offset: number) {
  for (let index = 0; index < count; index++) yield start + offset + index
}

test(`20,000 random schedules from seed ${start} on`, async () => {
  assert.equal(await firstFailure({ seeds: seeds(20_000, 0), length: 40 }), undefined)
})

test(`4,000 long ones from seed ${start + 100_000} on`, async () => {
  assert.equal(await firstFailure({ seeds: seeds(4_000, 100_000), length: 120 }), undefined)
})
