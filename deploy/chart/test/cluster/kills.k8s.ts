import { after, before, test } from 'node:test'
import { until } from './scene.ts'
import { isReady, SERVICES, type Stage } from './stage.ts'
import { leave, trialStage } from './trial-stage.ts'

let stage: Stage

const SERVERS = ['nats', 'postgres', 's3']

/** There is one of each: a test that loses another node needs them all. */
const ON_THE_FIRST_NODE = Object.fromEntries(
  SERVERS.map((server) => [
    `StatefulSet/trial-${server}`,
    { spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node1' } } } } },
  ]),
)

before(async () => {
  stage = (await trialStage('kills', { merge: ON_THE_FIRST_NODE })).stage
})
after(() => leave(stage))

for (const service of [...SERVICES, ...SERVERS])
  test(`kill -9 of ${service}: nothing lost, nothing unknown to phones`, async (context) => {
    await stage.survives(context, () => killOne(service), { cutOff: true })
  })

const restartsOf = async (service: string): Promise<number> =>
  (await stage.installation.pods(service)).reduce(
    (total, { status }) => total + status.containerStatuses[0].restartCount,
    0,
  )

const killOne = async (service: string): Promise<void> => {
  const [pod] = await stage.installation.pods(service)
  if (pod === undefined) throw new Error(`no pod of ${service}`)
  const before = await restartsOf(service)
  stage.cluster.killPod(pod.metadata.uid)
  await until('its end was seen', async () => (await restartsOf(service)) > before)
  await stage.allReady(service)
}

const nodesOf = async (service: string): Promise<readonly number[]> =>
  (await stage.installation.pods(service)).map(({ spec }) => Number(spec.nodeName.slice(4)))

const isReplaced = async (service: string, lost: number): Promise<boolean> =>
  (await stage.installation.pods(service)).some((pod) => isReady(pod) && pod.spec.nodeName !== `node${lost}`)

test('a node is lost: its pods come up elsewhere, nothing is lost', async (context) => {
  // Services are reached through the first node; the trial's servers are one each.
  const needed = new Set([1, ...(await Promise.all(SERVERS.map(nodesOf))).flat()])
  const lost = [3, 2].find((node) => !needed.has(node))
  if (lost === undefined)
    return context.skip('the trial’s servers, of which there is one each, are on every node')
  const loseNode = async () => {
    await stage.cluster.killNode(lost)
    await until('its pods are replaced', async () => {
      const each = await Promise.all(SERVICES.map((service) => isReplaced(service, lost)))
      return each.every(Boolean)
    })
  }
  await stage.survives(context, loseNode, { cutOff: true, heartbeatSeconds: 60 })
  await stage.cluster.startNode(lost)
})
