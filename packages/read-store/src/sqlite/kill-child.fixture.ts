import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { commitOf, ledger, range, soon, texts } from '../contract/ledger.ts'
import { openSqliteProjector } from './projector.ts'

// Appends and projects until it is killed. Says `ready`, then for every commit whose rows it has seen its position.
// Given a number, it kills itself some steps after it has projected so many commits: the moments between two steps of a
// transaction are too short for a kill from outside to find.

const folder = process.argv[2]!
let left = Number(process.argv[3] ?? Number.POSITIVE_INFINITY)
const fromWithin = Number.isFinite(left)

const killAfterSteps = async (steps: number): Promise<void> => {
  for (let step = 0; step < steps; step += 1) await undefined
  process.kill(process.pid, 'SIGKILL')
}

const model = ledger({
  project: async (writer, commit, gathered) => {
    left -= 1
    if (left === 0) void killAfterSteps(randomInt(25))
    await ledger().project(writer, commit, gathered)
  },
})

const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
const projector = await openSqliteProjector({ log, folder: join(folder, 'rows'), model, walLimit: 64 * 1024 })
const say = (line: string | number) => process.stdout.write(`${line}\n`)

const appendOne = async (): Promise<void> => {
  const commit = commitOf(texts(fromWithin ? 1 : randomInt(1, 6)), { account: `u${randomInt(20)}` })
  const { position } = await log.append({ ...commit, commandId: `${process.pid}-${commit.commandId}` })
  await projector.waitFor(position, soon())
  say(position)
}

// A round of one commit is a transaction of its own: then the steps are those of its end.
const appendSome = () =>
  Promise.all(range(fromWithin || randomInt(2) === 0 ? 1 : randomInt(1, 60)).map(appendOne))

const rebuildAgain = async (): Promise<void> => {
  for (;;) await projector.rebuild()
}

say('ready')
if (!fromWithin && randomInt(2) === 0) void rebuildAgain()
for (;;) await appendSome()
