import { test } from 'node:test'
import { killRounds } from './kill-rounds.ts'

test('killed at any moment, what was acknowledged is there, and every address that nobody has can be given', (t) =>
  killRounds(t, 60))
