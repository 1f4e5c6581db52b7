import { test } from 'node:test'
import { temporaryFolder } from './blobs.fixture.ts'
import { surviveKills } from './kill.fixture.ts'

for (const round of [1, 2, 3, 4, 5, 6])
  test(`killed 50 times, what commit confirmed is there and whole, and nothing half is (round ${round})`, async (context) => {
    await surviveKills(temporaryFolder(context), 50)
  })
