// FILE: appends to a log whose files may not grow (the parent set the limit), then lets them grow and goes on. Says what happened as JSON.
import { spawnSync } from 'node:child_process'
import { commitOf, readAll } from '../contract/commits.ts'
import type { NewCommit } from '../port.ts'
import { openSqliteLog } from './sqlite-log.ts'

const file = process.argv[2]!
const IN_FLIGHT = 16

/** Of util-linux: changes the limits of a running process. */
const LIMITS = 'prlimit'

/** What the system sends to a process that lets a file grow over its limit; the write then fails like on a full disk. */
process.on('SIGXFSZ', () => undefined)

const faults: string[] = []
const log = await openSqliteLog({
  file,
  onFault: (error) => faults.push((error as { code?: string }).code ?? error.message),
})

const commits: NewCommit[] = []
const groupOf = () => {
  const group = Array.from({ length: IN_FLIGHT }, () =>
    commitOf({ events: [{ type: 'Long', version: 1, payload: new Uint8Array(5000).fill(1) }] }),
  )
  commits.push(...group)
  return group
}

const appendGroup = async (group: readonly NewCommit[]) => {
  const outcomes = await Promise.allSettled(group.map((commit) => log.append(commit)))
  return {
    acknowledged: group
      .filter((_, i) => outcomes[i]!.status === 'fulfilled')
      .map(({ commandId }) => commandId),
    errors: outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason.code as string] : [],
    ),
  }
}

const commandsInLog = async () => (await readAll(log)).map(({ commandId }) => commandId)

const acknowledged: string[] = []
const errors: string[] = []
while (errors.length < 5 * IN_FLIGHT) {
  const group = await appendGroup(groupOf())
  acknowledged.push(...group.acknowledged)
  errors.push(...group.errors)
}
const whileFull = await commandsInLog()

const raised = spawnSync(LIMITS, ['--pid', String(process.pid), '--fsize=unlimited:']).status === 0
const again = raised ? await appendGroup(commits) : { acknowledged: [], errors: [] }
const after = await commandsInLog()
await log.close()

console.log(JSON.stringify({ acknowledged, errors, whileFull, raised, again, after, faults }))
