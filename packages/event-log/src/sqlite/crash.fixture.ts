import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { readAll, storedAs } from '../contract/commits.ts'
import type { StoredCommit } from '../port.ts'
import { ACCOUNTS, commitFor, type Ledger, PURGED } from './crash-commits.fixture.ts'
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts'

const WRITER = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url))

/** Runs the writer and kills it when it has said `lines` lines; returns what it acknowledged. */
const runAndKill = async (file: string, run: number, lines: number): Promise<Ledger[]> => {
  const writer = spawn(process.execPath, [WRITER, file, String(run)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(writer, 'exit')
  const complaints = text(writer.stderr)
  const said: string[] = []
  for await (const line of createInterface({ input: writer.stdout })) {
    said.push(line)
    if (said.length === lines) writer.kill('SIGKILL')
  }
  const [code, signal] = await exited
  assert.equal(signal, 'SIGKILL', `the writer ended by itself with ${code}: ${await complaints}`)
  return said.slice(1).map((line) => JSON.parse(line) as Ledger)
}

/** What was acknowledged over all runs, by position. */
type Acknowledged = Map<number, Ledger>

const note = (acknowledged: Acknowledged, ledgers: readonly Ledger[]) => {
  for (const ledger of ledgers) {
    assert.equal(ledger.repeated, false, 'a command was new')
    assert.ok(!acknowledged.has(ledger.position), `position ${ledger.position} was given twice`)
    acknowledged.set(ledger.position, ledger)
  }
}

const verifyAcknowledged = (acknowledged: Acknowledged, commits: readonly StoredCommit[]) => {
  const byPosition = new Map(commits.map((commit) => [commit.position, commit]))
  for (const { position, account, commandId } of acknowledged.values()) {
    if (account !== PURGED) assert.equal(byPosition.get(position)?.commandId, commandId)
  }
}

/** Whole, once, in order, and each on top of the one that it expected. */
const verifyCommits = (commits: readonly StoredCommit[]) => {
  const heads = new Map<string, number>()
  const commands = new Set<string>()
  let last = 0
  for (const commit of commits) {
    const { position, commandId, expected, stream } = commit
    assert.ok(position > last)
    last = position
    assert.ok(!commands.has(commandId), `${commandId} is there twice`)
    commands.add(commandId)
    assert.deepEqual(commit, storedAs(commitFor(stream.account, commandId, expected), position))
    if (expected !== undefined) assert.equal(expected, heads.get(stream.account) ?? 0)
    heads.set(stream.account, position)
  }
}

/** The next command of each chain, which may have been in flight: found once whether it was there or not. */
const verifyRepeats = async (log: SqliteLog, run: number, ledgers: readonly Ledger[]): Promise<Ledger[]> => {
  const repeats = ACCOUNTS.map(async (account) => {
    const n = ledgers.filter((ledger) => ledger.account === account).length
    const commandId = `${run}-${account}-${n}`
    const before = await readAll(log, { tenant: 'acme', account })
    const there = before.find((commit) => commit.commandId === commandId)
    const { position, repeated } = await log.append(
      commitFor(account, commandId, before.at(-1)?.position ?? 0),
    )
    assert.deepEqual(
      { position, repeated },
      { position: there?.position ?? position, repeated: there !== undefined },
    )
    return { position, account, commandId, repeated: false }
  })
  return await Promise.all(repeats)
}

const verifyPurge = async (log: SqliteLog) => {
  await log.purge('acme', PURGED)
  assert.equal(await log.head({ tenant: 'acme', account: PURGED }), 0)
}

/** Kills a writer `kills` times on the same file; what it acknowledged is there each time. */
export const killAndVerify = async (
  file: string,
  kills: number,
  random: () => number,
): Promise<Acknowledged> => {
  const acknowledged: Acknowledged = new Map()
  for (let run = 0; run < kills; run++) {
    const ledgers = await runAndKill(file, run, 1 + Math.floor(random() ** 2 * 900))
    note(acknowledged, ledgers)
    const log = await openSqliteLog({ file })
    try {
      const commits = await readAll(log)
      verifyAcknowledged(acknowledged, commits)
      verifyCommits(commits)
      note(acknowledged, await verifyRepeats(log, run, ledgers))
      if (run % 3 === 0) await verifyPurge(log)
    } finally {
      await log.close()
    }
  }
  return acknowledged
}
