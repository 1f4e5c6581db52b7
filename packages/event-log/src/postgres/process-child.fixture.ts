import { setTimeout as delay } from 'node:timers/promises'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { openPostgresLog } from './postgres-log.ts'

// One of several processes that append to and follow one log. Ends when its input ends, and tells what it did.

const [connection, schema, name] = process.argv.slice(2) as [string, string, string]
const log = await openPostgresLog({ connection: JSON.parse(connection), schema, patienceMs: 20_000 })
const busy = new BusyLogs([log], name)
process.stdout.write('ready\n')
for await (const _ of process.stdin);
await busy.stop()
// The others' last commits too: all have stopped when the head rests.
for (let head = -1; head !== (await log.head({})); await delay(300)) head = await log.head({})
while (busy.followed[0]!.at(-1)!.position < (await log.head({}))) await delay(5)
await log.close()
const followed = busy.followed[0]!.map(({ position, stream, commandId }) => ({ position, stream, commandId }))
process.stdout.write(`${JSON.stringify({ calls: busy.recorder.calls, followed })}\n`)
