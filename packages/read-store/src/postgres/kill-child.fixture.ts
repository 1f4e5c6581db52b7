import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { commitOf, range, soon, texts } from '../contract/ledger.ts'
import type { PostgresConnection } from './connection.ts'
import { lateLedger } from './late-ledger.fixture.ts'
import { openPostgresProjector } from './projector.ts'

// Appends and projects until it is killed. Says `ready`, then for every commit whose rows it has seen its position.
// Given a number, it kills itself within milliseconds after it has begun to project so many commits.

type Place = { readonly connection: PostgresConnection; readonly unit: string; readonly file: string }

const { connection, unit, file }: Place = JSON.parse(process.argv[2]!)
let left = Number(process.argv[3] ?? Number.POSITIVE_INFINITY)
const fromWithin = Number.isFinite(left)

const killSoon = async (): Promise<void> => {
  if (randomInt(2) === 0) await delay(randomInt(6))
  process.kill(process.pid, 'SIGKILL')
}

const model = lateLedger({
  project: async (writer, commit, gathered) => {
    left -= 1
    if (left === 0) void killSoon()
    await lateLedger().project(writer, commit, gathered)
  },
})

const log = await openSqliteLog({ file })
const projector = await openPostgresProjector({ log, connection, unit, model })
const say = (line: string | number) => process.stdout.write(`${line}\n`)

const appendOne = async (): Promise<void> => {
  const commit = commitOf(texts(randomInt(1, 6)), { account: `u${randomInt(20)}` })
  const { position } = await log.append({ ...commit, commandId: `${process.pid}-${commit.commandId}` })
  await projector.waitFor(position, soon())
  say(position)
}

const appendSome = () => Promise.all(range(randomInt(2) === 0 ? 1 : randomInt(1, 60)).map(appendOne))

const rebuildAgain = async (): Promise<void> => {
  for (;;) await projector.rebuild()
}

say('ready')
if (!fromWithin && randomInt(2) === 0) void rebuildAgain()
for (;;) await appendSome()
