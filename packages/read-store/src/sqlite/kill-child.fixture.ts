import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { commitOf, ledger, range, soon, texts } from '../contract/ledger.ts'
import { openSqliteProjector } from './projector.ts'

// Appends and projects until it is killed. Says `ready`, then for every commit whose rows it has seen its position.

const folder = process.argv[2]!
const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
const projector = await openSqliteProjector({
  log,
  folder: join(folder, 'rows'),
  model: ledger(),
  walLimit: 64 * 1024,
})
const say = (line: string | number) => process.stdout.write(`${line}\n`)

const appendOne = async (): Promise<void> => {
  const commit = commitOf(texts(randomInt(1, 6)), { account: `u${randomInt(20)}` })
  const { position } = await log.append({ ...commit, commandId: `${process.pid}-${commit.commandId}` })
  await projector.waitFor(position, soon())
  say(position)
}

// Half of the rounds have one commit, which then is a transaction of its own.
const appendSome = () => Promise.all(range(randomInt(2) === 0 ? 1 : randomInt(1, 60)).map(appendOne))

const rebuildAgain = async (): Promise<void> => {
  for (;;) await projector.rebuild()
}

say('ready')
if (randomInt(2) === 0) void rebuildAgain()
for (;;) await appendSome()
