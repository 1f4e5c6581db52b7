import { test } from 'node:test'
import { surviveKills } from './kill.fixture.ts'
import { temporaryFolder } from './rows.fixture.ts'

test('killed at random points of appends, projections and rebuilds, rows equal a rebuild and no checkpoint is ahead', async (context) => {
  await surviveKills(temporaryFolder(context), 20)
})
