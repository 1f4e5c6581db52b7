import { test } from 'node:test'
import { surviveKills } from './kill.fixture.ts'
import { temporaryFolder } from './rows.fixture.ts'

// In fresh folders, so that the log which every check rebuilds from stays short.
for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
  test(`killed 30 times, rows equal a rebuild and no checkpoint is ahead (round ${round})`, async (context) => {
    await surviveKills(temporaryFolder(context), 30)
  })
}
