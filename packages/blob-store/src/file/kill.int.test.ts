import { test } from 'node:test'
import { temporaryFolder } from './blobs.fixture.ts'
import { surviveKills } from './kill.fixture.ts'

test('killed at random points, what commit confirmed is there and whole, and nothing half is', async (context) => {
  await surviveKills(temporaryFolder(context), 20)
})
