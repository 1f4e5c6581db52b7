import { test } from 'node:test'
import { killRounds } from './kill-rounds.ts'

for (const round of [1, 2, 3])
  test(`killed at any moment, what was acknowledged is there, and every address that nobody has can be given (round ${round})`, (t) =>
    killRounds(t, 20))
