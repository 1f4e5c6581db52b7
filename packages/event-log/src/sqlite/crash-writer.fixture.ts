// Appends until it is killed: FILE RUN. Every acknowledgement is a line on standard output, written before anything else happens.
import { writeSync } from 'node:fs'
import { ACCOUNTS, commitFor, type Ledger, PURGED } from './crash-commits.fixture.ts'
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts'

const [file, run] = process.argv.slice(2) as [string, string]

/** A short line is written to a pipe whole or, while the parent is behind, not at all. */
const say = (line: string) => {
  for (;;) {
    try {
      writeSync(1, `${line}\n`)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const acknowledge = (ledger: Ledger) => say(JSON.stringify(ledger))

/** One commit after the other to a stream of its own, each expecting the one before. */
const appendChain = async (log: SqliteLog, account: string) => {
  let head = await log.head({ tenant: 'acme', account, service: 'mail' })
  for (let n = 0; ; n++) {
    const commandId = `${run}-${account}-${n}`
    const { position, repeated } = await log.append(commitFor(account, commandId, head))
    acknowledge({ position, account, commandId, expected: head, repeated })
    head = position
  }
}

/** Commits that expect nothing, to an account that is purged again and again. */
const appendAndPurge = async (log: SqliteLog) => {
  for (let n = 0; ; n++) {
    const commandId = `${run}-${PURGED}-${n}`
    const { position, repeated } = await log.append(commitFor(PURGED, commandId))
    acknowledge({ position, account: PURGED, commandId, repeated })
    if (n % 20 === 19) await log.purge('acme', PURGED)
  }
}

say('opening')
const log = await openSqliteLog({ file })
await Promise.all([...ACCOUNTS.map((account) => appendChain(log, account)), appendAndPurge(log)])
