// node deploy/local-cluster/test/faults/main.ts [--seed N] [--events N] [--round N] [--minutes N] [--log jetstream|postgres]
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { faultedRun } from './faulted-run.ts'

process.setMaxListeners(0) // one listener for the end of each server and service
// What was started ends, and what was mounted goes, when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    events: { type: 'string', default: '10000' },
    round: { type: 'string', default: '200' },
    minutes: { type: 'string' },
    log: { type: 'string', default: 'jetstream' },
  },
})
const began = performance.now()
const counts = await faultedRun({
  seed: Number(values.seed),
  events: Number(values.events),
  eventsPerRound: Number(values.round),
  ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
  log: values.log === 'postgres' ? 'postgres' : 'jetstream',
  say: (line) => console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(6)} s  ${line}`),
})
console.table(counts)
