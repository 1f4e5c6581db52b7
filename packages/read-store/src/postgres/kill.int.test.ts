import { test } from 'node:test'
import { surviveKills } from './kill.fixture.ts'
import { serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

test('the process that projects is killed at random points: rows equal a rebuild and no checkpoint is ahead', async () => {
  await surviveKills(server().connection, 6)
})
