import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { givenCluster, imageOf, loadImages, SMALL, TAG, trialValues } from './given.ts'
import { type Administrator, Installation } from './installation.ts'
import {
  addressesOf,
  endTraffic,
  heldRequests,
  makeAccounts,
  makeTenant,
  startTraffic,
  type Traffic,
  until,
} from './scene.ts'

/** The whole form has 2,000 phones and 20 deliveries a second; the short one takes a laptop. */
const [PHONES = 40, PER_SECOND = 4] = (process.env.RELAIS_TEST_CROWD ?? '')
  .split('/')
  .filter(Boolean)
  .map(Number)
const PEOPLE = addressesOf(PHONES)
const HELD_AGAIN_MS = 30_000
const SERVICES = ['directory', 'mail', 'mail-transport', 'device-sync', 'administration']

let cluster: Cluster
let installation: Installation
let administrator: Administrator

before(async () => {
  cluster = await givenCluster()
  await loadImages(cluster)
  installation = new Installation(cluster, 'survival')
  await installation.makeNamespace()
  await installation.install([await trialValues(), SMALL, imageOf(TAG), { merge: QUICK_TO_LEAVE }])
  administrator = await installation.administrator({
    token: await installation.secret('relais-trial', 'admin-token'),
    ca: await installation.secret('relais-trial-tls-public', 'ca.crt'),
  })
  await makeTenant(installation, administrator)
  await makeAccounts(administrator, PEOPLE)
})
after(async () => {
  await installation.uninstall().catch(() => {})
  installation.close()
})

/** A dead node's pods are replaced after three seconds, not five minutes. */
const QUICK_TO_LEAVE = Object.fromEntries(
  SERVICES.map((service) => [
    `Deployment/${service}`,
    {
      spec: {
        template: {
          spec: {
            tolerations: ['not-ready', 'unreachable'].map((what) => ({
              ...{
                key: `node.kubernetes.io/${what}`,
                operator: 'Exists',
                effect: 'NoExecute',
                tolerationSeconds: 3,
              },
            })),
          },
        },
      },
    },
  ]),
)

const allWait = (traffic: Traffic) => async () =>
  traffic.phones.waiting() >= PHONES * 0.9 && (await heldRequests(installation)) >= PHONES * 0.9

const started = async (): Promise<Traffic> => {
  const traffic = await startTraffic(installation, { addresses: PEOPLE, perSecond: PER_SECOND })
  await until('all phones wait', allWait(traffic))
  return traffic
}
const restart = async (service: string) => {
  await installation.kubectl('rollout', 'restart', `deployment/relais-${service}`)
  await installation.kubectl('rollout', 'status', `deployment/relais-${service}`, '--timeout=180s')
}
const told = ({ phones, deliveries }: Traffic) =>
  `${deliveries.accepted} accepted (${deliveries.later} later, ${deliveries.unsure} unsure), ${phones.received()} came; phones: ${phones.trouble.later} told to come later, ${phones.trouble.broken} cut off`

test('a rolling restart of device-sync: no error that phones don’t know, nothing lost, all held again within 30 s', async (context) => {
  const traffic = await started()
  await restart('device-sync')
  const again = await until('all phones wait again', allWait(traffic), HELD_AGAIN_MS)
  const wrong = await endTraffic(traffic)
  context.diagnostic(`held again after ${(again / 1000).toFixed(1)} s; ${told(traffic)}`)
  assert.deepEqual(wrong, [])
})

test('a rolling restart of every service: no error that phones don’t know, nothing lost', async (context) => {
  const traffic = await started()
  for (const service of SERVICES) await restart(service)
  const again = await until('all phones wait again', allWait(traffic), HELD_AGAIN_MS)
  const wrong = await endTraffic(traffic)
  context.diagnostic(`held again after ${(again / 1000).toFixed(1)} s; ${told(traffic)}`)
  assert.deepEqual(wrong, [])
})

const servers = ['nats', 'postgres', 's3']

for (const service of [...SERVICES, ...servers])
  test(`kill -9 of ${service}: nothing lost, nothing unknown to phones`, async (context) => {
    const traffic = await started()
    const [pod] = await installation.pods(service)
    assert.ok(pod)
    cluster.killPod(pod.metadata.uid)
    await until('it is back', async () => {
      const pods = await installation.pods(service)
      return pods.every(({ status }) =>
        status.containerStatuses?.every(({ ready }: { ready: boolean }) => ready),
      )
    })
    const again = await until('all phones wait again', allWait(traffic))
    const wrong = await endTraffic(traffic)
    context.diagnostic(`held again after ${(again / 1000).toFixed(1)} s; ${told(traffic)}`)
    assert.deepEqual(wrong, [])
  })

test('a node is lost: its pods come up elsewhere, nothing is lost', async (context) => {
  const nodeOf = async (service: string) =>
    (await installation.pods(service)).map(({ spec }) => Number(spec.nodeName.slice(4)))
  const needed = new Set([1, ...(await Promise.all(servers.map(nodeOf))).flat()]) // services are reached through the first
  const lost = [3, 2].find((node) => !needed.has(node))
  if (lost === undefined)
    return context.skip('the trial’s servers, of which there is one each, are on every node')
  const traffic = await started()
  await cluster.killNode(lost)
  const away = await until('its pods are replaced', async () => {
    const pods = (await Promise.all(SERVICES.map((service) => installation.pods(service)))).flat()
    const ready = pods.filter(({ status }) => status.conditions?.some(isReady))
    return SERVICES.every((name) =>
      ready.some(
        ({ metadata, spec }) =>
          metadata.labels?.['app.kubernetes.io/component'] === name && spec.nodeName !== `node${lost}`,
      ),
    )
  })
  const again = await until('all phones wait again', allWait(traffic))
  const wrong = await endTraffic(traffic)
  context.diagnostic(
    `replaced after ${(away / 1000).toFixed(1)} s, held again ${(again / 1000).toFixed(1)} s later; ${told(traffic)}`,
  )
  await cluster.startNode(lost)
  assert.deepEqual(wrong, [])
})

const isReady = ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True'
