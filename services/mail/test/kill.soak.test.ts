import { test } from 'node:test'
import { killRounds } from './kill-rounds.ts'

test('what was acknowledged survives 150 times kill -9', async (t) => {
  await killRounds(t, 150)
})
