import { test } from 'node:test'
import { killRounds } from './kill-rounds.ts'

for (const round of [1, 2, 3, 4, 5])
  test(`what was acknowledged survives 30 times kill -9 (round ${round})`, async (t) => {
    await killRounds(t, 30)
  })
