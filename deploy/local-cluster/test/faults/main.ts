// node deploy/local-cluster/test/faults/main.ts [--seed N] [--events N] [--round N] [--minutes N] [--log jetstream|postgres] [--continue FILE]
// --continue: FILE counts what ended well, whichever run of this command made it, until there are as many --events; each run has a seed of its own.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type FaultCounts, type FaultedRun, faultedRun } from './faulted-run.ts'
import { byKind, faultsIn, newPiece, readSeries, totalOf, withRound, writeSeries } from './series-results.ts'

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
    continue: { type: 'string' },
  },
})
const began = performance.now()
const say = (line: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(6)} s  ${line}`)
const asked: FaultedRun = {
  seed: Number(values.seed),
  events: Number(values.events),
  eventsPerRound: Number(values.round),
  ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
  log: values.log === 'postgres' ? 'postgres' : 'jetstream',
  say,
}

/** One more piece of a series; what it found is kept with it. */
const continueSeries = async (file: string): Promise<FaultCounts> => {
  const before = readSeries(file)
  const events = asked.events - totalOf(faultsIn(before))
  let piece = newPiece(asked)
  const keep = (next: typeof piece) => {
    piece = next
    writeSeries(file, [...before, piece])
  }
  if (events <= 0) return faultsIn(before)
  keep(piece)
  try {
    await faultedRun({ ...asked, events, judged: (round) => keep(withRound(piece, round)) })
    keep({ ...piece, end: 'well' })
  } catch (error) {
    keep({ ...piece, end: error instanceof Error ? error.message : String(error) })
    throw error
  }
  return faultsIn([...before, piece])
}

const counts = values.continue === undefined ? await faultedRun(asked) : await continueSeries(values.continue)
console.table(counts)
say(`${totalOf(counts)} faults: ${JSON.stringify(byKind(counts))}`)
