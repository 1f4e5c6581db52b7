import { join } from 'node:path'
import { test } from 'node:test'
import { killAndVerify } from './crash.fixture.ts'
import { temporaryFolder } from './log-file.fixture.ts'

for (const round of [1, 2, 3, 4, 5, 6]) {
  test(`killed 60 times, the log has what it acknowledged (round ${round})`, async (t) => {
    const acknowledged = await killAndVerify(join(temporaryFolder(t), 'log.db'), 60, Math.random)
    t.diagnostic(`${acknowledged.size} acknowledged commits`)
  })
}
