// Appends until it is killed: FILE RUN. Every acknowledgement is a line on standard output, written before anything else happens.
import { writeSync } from 'node:fs'
import { ACCOUNTS, commitFor, type Ledger, PURGED } from './crash-commits.fixture.ts'
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts'

const [file, run] = process.argv.slice(2) as [string, string]

const say = (line: Ledger) => writeSync(1, `${JSON.stringify(line)}\n`)

/** One commit after the other to a stream of its own, each expecting the one before. */
const appendChain = async (log: SqliteLog, account: string) => {
  let head = await log.head({ tenant: 'acme', account, service: 'mail' })
  for (let n = 0; ; n++) {
    const commandId = `${run}-${account}-${n}`
    const { position, repeated } = await log.append(commitFor(account, commandId, head))
    say({ position, account, commandId, expected: head, repeated })
    head = position
  }
}

/** Commits that expect nothing, to an account that is purged again and again. */
const appendAndPurge = async (log: SqliteLog) => {
  for (let n = 0; ; n++) {
    const commandId = `${run}-${PURGED}-${n}`
    const { position, repeated } = await log.append(commitFor(PURGED, commandId))
    say({ position, account: PURGED, commandId, repeated })
    if (n % 20 === 19) await log.purge('acme', PURGED)
  }
}

writeSync(1, 'opening\n')
const log = await openSqliteLog({ file })
await Promise.all([...ACCOUNTS.map((account) => appendChain(log, account)), appendAndPurge(log)])
