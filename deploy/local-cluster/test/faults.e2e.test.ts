import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { FORM } from '../../../services/standalone/test/form.ts'
import { faultedRun } from './faults/faulted-run.ts'
import { missing } from './running-cluster.ts'

process.setMaxListeners(0) // one listener for the end of each server and service

/** The other form has no processes that could be killed one by one. */
const skip = FORM === 'cluster' ? missing : 'needs the cluster (RELAIS_TEST_FORM=cluster)'

test('while processes are killed, stopped, paused and cut off, nothing that was acknowledged is lost, and nothing is there twice', {
  skip,
}, async (context) => {
  const say = (line: string) => context.diagnostic(line)
  const counts = await faultedRun({
    ...{ seed: randomInt(2 ** 31), events: 16, eventsPerRound: 16, log: 'jetstream', say },
  })
  say(JSON.stringify(counts))
})
