import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { faultedRun } from './faults/faulted-run.ts'
import { missing } from './running-cluster.ts'

process.setMaxListeners(0) // one listener for the end of each server and service

/** `node deploy/local-cluster/test/faults/main.ts --seed N` repeats what one of these says. */
const EVENTS = { jetstream: 10_000, postgres: 2_000 } as const

for (const log of ['jetstream', 'postgres'] as const)
  test(`${EVENTS[log]} faults lose nothing that was acknowledged, with the log in ${log}`, {
    skip: missing,
  }, async () => {
    const say = (line: string) => console.log(line)
    const seed = randomInt(2 ** 31)
    const counts = await faultedRun({ seed, events: EVENTS[log], eventsPerRound: 200, log, say })
    console.table(counts)
  })
