import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { killAndVerify } from './crash.fixture.ts'
import { temporaryFolder } from './log-file.fixture.ts'

test('killed at any moment, the log has what it acknowledged, once, whole and in order', async (t) => {
  const acknowledged = await killAndVerify(join(temporaryFolder(t), 'log.db'), 20, Math.random)
  t.diagnostic(`${acknowledged.size} acknowledged commits over 20 kills`)
  assert.ok(acknowledged.size > 0)
})
