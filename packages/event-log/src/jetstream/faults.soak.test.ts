import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { chance } from '@relais/testing/chance.ts'
import { FAULTS, type Faulted, faulted } from './faults.fixture.ts'
import { clusterFor, noServer } from './servers.fixture.ts'

/** Of one run; many runs make many logs, so that each is read back whole. */
const RUNS = 6
const FAULTS_OF_RUN = 12

/** Longest fault and longest calm in milliseconds; most are short. */
const LONGEST_FAULT = 15_000
const LONGEST_CALM = 4000

const seedOf = (run: number): number => (Date.now() + run * 7919) >>> 0

const hurt = async ({ cluster, leader }: Faulted, random: () => number): Promise<string> => {
  const fault = FAULTS[Math.floor(random() * FAULTS.length)]
  if (!fault) return ''
  const any = Math.floor(random() * 3)
  const server = random() < 0.6 ? await leader().catch(() => any) : any
  const time = 100 + random() ** 2 * LONGEST_FAULT
  await fault.run(cluster, server, async () => void (await sleep(time)))
  await sleep(random() * LONGEST_CALM)
  return `${fault.name} (${server + 1}, ${Math.round(time)} ms)`
}

for (let run = 0; run < RUNS; run++) {
  const seed = seedOf(run)
  test(`nothing acknowledged is lost while random faults come (run ${run + 1}, seed ${seed})`, {
    skip: noServer,
  }, async (context) => {
    const random = chance(seed)
    const running = await faulted(context, await clusterFor(context), random)
    for (let i = 0; i < FAULTS_OF_RUN; i++) context.diagnostic(await hurt(running, random))
    await running.cluster.healthy()
    await running.workload.acknowledged(50)
    assert.deepEqual(await running.verify(), [])
    const of = running.workload.count
    context.diagnostic(`${of('known')} known, ${of('unknown')} unknown, ${of('refused')} refused`)
  })
}
