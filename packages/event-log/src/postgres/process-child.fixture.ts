import { createInterface } from 'node:readline'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { openPostgresLog } from './postgres-log.ts'

// One of several processes that append to and follow one log. At a first line it appends no more; at a second one, when all others
// have come to that too, it follows to the end and tells what it did.

const [connection, schema, name] = process.argv.slice(2) as [string, string, string]
const log = await openPostgresLog({ connection: JSON.parse(connection), schema, patienceMs: 20_000 })
const busy = new BusyLogs([log], name)
const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
process.stdout.write('ready\n')
await told.next()
await busy.restWriters()
process.stdout.write('rests\n')
await told.next()
await busy.stop()
await log.close()
const followed = busy.followed[0]!.map(({ position, stream, commandId }) => ({ position, stream, commandId }))
process.stdout.write(`${JSON.stringify({ calls: busy.recorder.calls, followed })}\n`)
process.stdin.destroy()
