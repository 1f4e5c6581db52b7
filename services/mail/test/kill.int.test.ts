import { test } from 'node:test'
import { killRounds } from './kill-rounds.ts'

test('what was acknowledged survives kill -9, with its blob; rows equal a rebuild; repeats are one', async (t) => {
  await killRounds(t, 6)
})
