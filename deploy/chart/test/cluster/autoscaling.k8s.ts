import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { KEDA_NAMESPACE, startAutoscalers, whyNoAutoscalers } from './autoscalers.ts'
import type { Listed } from './installation.ts'
import type { PhoneCrowd } from './phone-crowd.ts'
import { ScalingLog } from './scaling-log.ts'
import { addressesOf, makeAccounts, startBusyPhones, startCrowd, startSpreadCrowd, until } from './scene.ts'
import { Stage } from './stage.ts'
import { leave, stageValues, trialStage } from './trial-stage.ts'

/** Phones that wait all the time, with mail that comes in for them. */
const PEOPLE = addressesOf(40)
/** Accounts that get no mail: who waits for it is held for good. */
const QUIET = Array.from({ length: 50 }, (_, n) => `quiet${n}of${process.pid}@acme.example`)
/** Three phones of each: they come, and they leave. */
const MANY = [...QUIET, ...QUIET, ...QUIET]
/** Those that come once there are three pods, and stay. */
const FEW = PEOPLE.slice(0, 20)

/** Of one pod: 40 + 20 that stay make 0.75 of it; with the 150 that come and leave 2.4 before, and 2.6 after the few have come. */
const HELD_TARGET = 80
const DOWN_SECONDS = 30
/** The controller's clock and that of its objects differ by less: seconds are whole. */
const CLOCKS_SECONDS = 5

/** Of what one pod asks for; that is five processors, which no process of one thread takes: it decides nothing. */
const NEVER = { cpuPercent: 1000, requests: { cpu: '500m' } }
/** Three hundredths of a processor: phones that wait take less, phones that ask without rest take more. */
const SOON = { cpuPercent: 30, requests: { cpu: '100m' } }

let stage: Stage
let removeAutoscalers: () => Promise<void> = async () => {}
/** Why there are no scalers on this machine; undefined: there are. */
let missing: string | undefined

before(async () => {
  missing = await whyNoAutoscalers()
  if (missing !== undefined) return
  const made = await trialStage('autoscaling')
  stage = new Stage(made.stage.installation, PEOPLE)
  await makeAccounts(made.administrator, QUIET)
  removeAutoscalers = await startAutoscalers(stage.cluster)
})
after(async () => {
  if (missing !== undefined) return
  await scaledBy({ kind: 'none' }, NEVER.requests)
  await removeAutoscalers()
  await leave(stage)
})

const scales = (name: string, body: (context: TestContext) => Promise<void>) =>
  test(name, (context) => (missing === undefined ? body(context) : context.skip(missing)))

/** KEDA may read figures, as the guide says, and this test, which is no pod. */
const MONITORING = [
  { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': KEDA_NAMESPACE } } },
  { ipBlock: { cidr: '10.250.0.0/24' } },
]

const scaledBy = async (
  autoscaling: Readonly<Record<string, unknown>>,
  requests: Readonly<Record<string, string>>,
): Promise<void> => {
  const bounds = { minReplicas: 1, maxReplicas: 3, scaleDownSeconds: DOWN_SECONDS }
  // Phones that ask without rest would be taken for faulty ones, and slowed down.
  const extraEnv = [{ name: 'RELAIS_MAX_REPEATS', value: '0' }]
  const deviceSync = { autoscaling: { ...bounds, ...autoscaling }, resources: { requests }, extraEnv }
  const networkPolicy = { monitoring: MONITORING }
  await stage.installation.upgrade(await stageValues({ deviceSync, networkPolicy }))
}

/** Ready, and no other one is left. */
const podsAre = async (count: number): Promise<void> => {
  await stage.rolledOut('device-sync')
  await until(`${count} are left`, async () => {
    const pods = await stage.installation.list('pods', 'app.kubernetes.io/component=device-sync')
    return pods.length === count
  })
}

/** Nobody told them anything that phones don't know, and nobody cut them off. */
const assertUntroubled = ({ trouble }: PhoneCrowd): void => {
  assert.deepEqual([...trouble.broken], [])
  assert.deepEqual(trouble.unknown, [])
}

/** One pod went after the other, with time between in which phones found another place. */
const assertSlowly = (context: TestContext, log: ScalingLog): void => {
  const [first, second, ...others] = log.scaled.slice(log.scaled.findIndex(({ to }) => to === 3) + 1)
  assert.deepEqual([first?.to, second?.to, others.length], [2, 1, 0])
  const between = ((second?.at ?? 0) - (first?.at ?? 0)) / 1000
  context.diagnostic(`${between} s between the two pods that went`)
  assert.ok(between >= DOWN_SECONDS - CLOCKS_SECONDS, `${between} s`)
}

/** What the controller has read last. */
const figures = ({ status }: Listed): string => JSON.stringify(status.currentMetrics ?? [])

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

scales(
  'on held requests (KEDA) device-sync goes from one pod to three and back: no phone is cut off, nothing is lost',
  async (context) => {
    await scaledBy({ kind: 'keda', heldRequests: HELD_TARGET, cpuPercent: NEVER.cpuPercent }, NEVER.requests)
    const ready = ['wait', '--for=condition=Ready', 'scaledobject/relais-device-sync', '--timeout=120s']
    await stage.installation.kubectl(...ready)
    const log = new ScalingLog(stage.installation, 'keda-hpa-relais-device-sync')
    await log.untilWanted(1)
    await podsAre(1)
    await stage.survives(context, async () => {
      const many = await startCrowd(stage.installation, MANY)
      const begun = performance.now()
      const read = await log.untilWanted(3)
      await podsAre(3)
      context.diagnostic(`three pods ready ${seconds(performance.now() - begun)} s after: ${figures(read)}`)
      const { crowd: few, held } = await startSpreadCrowd(stage.installation, FEW)
      context.diagnostic(`held by each of three: ${held.join(', ')}`)
      await many.end()
      const left = performance.now()
      await log.untilWanted(1)
      await podsAre(1)
      context.diagnostic(`one pod left ${seconds(performance.now() - left)} s after the many had left`)
      await few.end()
      for (const crowd of [many, few]) assertUntroubled(crowd)
    })
    assertSlowly(context, log)
  },
)

scales(
  'on processor time (HorizontalPodAutoscaler) device-sync goes from one pod to three and back: no phone is cut off',
  async (context) => {
    await scaledBy({ kind: 'hpa', cpuPercent: SOON.cpuPercent }, SOON.requests)
    const log = new ScalingLog(stage.installation, 'relais-device-sync')
    await log.untilWanted(1)
    await podsAre(1)
    const waiting = await startCrowd(stage.installation, QUIET)
    const busy = await startBusyPhones(stage.installation, PEOPLE.slice(0, 4))
    const begun = performance.now()
    const read = await log.untilWanted(3)
    await podsAre(3)
    context.diagnostic(`three pods ready ${seconds(performance.now() - begun)} s after: ${figures(read)}`)
    const left = performance.now()
    await busy.end()
    const rested = await log.untilWanted(1)
    await podsAre(1)
    context.diagnostic(`one pod left ${seconds(performance.now() - left)} s after: ${figures(rested)}`)
    await until('all wait', () => waiting.waiting() === QUIET.length)
    await waiting.end()
    context.diagnostic(`${busy.answered} Syncs of phones without rest`)
    assert.deepEqual(busy.trouble, [])
    assertUntroubled(waiting)
    assertSlowly(context, log)
  },
)
