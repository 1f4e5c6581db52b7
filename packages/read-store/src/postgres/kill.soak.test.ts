import { test } from 'node:test'
import { surviveKills } from './kill.fixture.ts'
import { serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

// In fresh units, so that the log which every check rebuilds from stays short.
for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
  test(`the process that projects is killed 20 times: rows equal a rebuild (round ${round})`, async () => {
    await surviveKills(server().connection, 20)
  })
}
