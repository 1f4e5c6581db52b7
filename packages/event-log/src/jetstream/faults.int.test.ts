import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chance } from '@relais/testing/chance.ts'
import { LogUnavailableError } from '../port.ts'
import {
  ANSWERS_LOST,
  CLIENTS_CUT,
  CUT_OFF,
  type Fault,
  type Faulted,
  faulted,
  KILLED,
  PAUSED,
  TWO_GONE,
} from './faults.fixture.ts'
import { clusterFor, noServer } from './servers.fixture.ts'

/** Whoever waits so long waits for ever. */
const HANGS_MS = 170_000

/** Work goes on before, during and after the fault; then nothing may be wrong. */
const survives = (fault: Fault, rule: string, during: (running: Faulted) => Promise<void>) => {
  test(`${fault.name}: ${rule}`, { skip: noServer, timeout: HANGS_MS }, async (context) => {
    const cluster = await clusterFor(context)
    const running = await faulted(context, cluster, chance(7))
    const { workload } = running
    await workload.acknowledged(50)
    await fault.run(cluster, await running.leader(), () => during(running))
    await workload.acknowledged(100)
    assert.deepEqual(await running.verify(), [])
    const of = workload.count
    context.diagnostic(`${of('known')} known, ${of('unknown')} unknown, ${of('refused')} refused`)
  })
}

/** Mostly waiting for elections, so several at a time. */
describe('the log on three servers outlives', { concurrency: 3 }, () => {
  survives(KILLED, 'with another leader appends go on', ({ workload }) => workload.acknowledged(100))

  survives(PAUSED, 'the leader comes back to a log that went on', ({ workload }) =>
    workload.acknowledged(100),
  )

  survives(
    CUT_OFF,
    'a leader without the others acknowledges nothing, and its clients leave it',
    ({ workload }) => workload.acknowledged(100),
  )

  survives(TWO_GONE, 'appends are refused for now, within the deadline', async ({ logs, workload }) => {
    await workload.unanswered()
    const commit = {
      stream: { tenant: 't-x', account: 'x', service: 'mail' },
      events: [],
      commandId: 'x',
      actor: { kind: 'service', id: 'x', device: '' },
      principal: '',
      at: 1,
    }
    await assert.rejects(logs[0]?.append(commit) ?? assert.fail(), (error) => {
      assert.ok(error instanceof LogUnavailableError)
      return error.retryable
    })
  })

  survives(CLIENTS_CUT, 'what was under way is found once, and followers go on', ({ workload }) =>
    workload.unanswered(),
  )

  survives(ANSWERS_LOST, 'a command whose acknowledgement nobody heard is one commit', ({ workload }) =>
    workload.unanswered(),
  )
})
