import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import {
  CHECK_SECRET,
  givenCluster,
  imageOf,
  loadImages,
  NEXT_TAG,
  SMALL,
  TAG,
  trialValues,
} from './given.ts'
import { type Administrator, Installation } from './installation.ts'
import {
  addressesOf,
  endTraffic,
  heldRequests,
  makeAccounts,
  makeTenant,
  startTraffic,
  until,
} from './scene.ts'
import { isReady, SERVICES, told } from './stage.ts'

const PEOPLE = addressesOf(8)

let cluster: Cluster
let installation: Installation
let administrator: Administrator
let common: Record<string, unknown>[]

before(async () => {
  cluster = await givenCluster()
  await loadImages(cluster)
  installation = new Installation(cluster, 'trial')
  await installation.makeNamespace()
  common = [await trialValues(), SMALL, { check: { account: { name: CHECK_SECRET } } }]
})
after(() => installation.close())

test('a trial is installed, and mail is pushed, with one command and no other server', async (context) => {
  const started = performance.now()
  await installation.install([...common, imageOf(TAG)])
  const installed = performance.now()
  administrator = await installation.administrator({
    token: await installation.secret('relais-trial', 'admin-token'),
    ca: await installation.secret('relais-trial-tls-public', 'ca.crt'),
  })
  await makeTenant(installation, administrator)
  const said = await installation.test()
  const seconds = (at: number) => ((at - started) / 1000).toFixed(1)
  context.diagnostic(
    `installed after ${seconds(installed)} s, first mail pushed after ${seconds(performance.now())} s`,
  )
  assert.match(said, /Ping: answered \d+ ms after it began, by mail that came by LMTP/)
  assert.match(said, /the message was there, and was removed/)
})

test('every pod of it is admitted by the restricted profile, which refuses others', async () => {
  const plain = { name: 'plain', image: 'localhost/relais:head' }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'plain', namespace: 'trial' },
    spec: { containers: [plain] },
  }
  await assert.rejects(cluster.apply([pod]), /violates PodSecurity "restricted/)
  for (const service of SERVICES) assert.ok((await installation.pods(service)).length > 0, service)
})

const restarts = async () => {
  const pods = (await Promise.all(SERVICES.map((service) => installation.pods(service)))).flat()
  return pods.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses[0].restartCount}`)
}

test('without rows services aren’t ready, aren’t restarted, and are ready again with them', async () => {
  const before = await restarts()
  const scale = (replicas: number) =>
    installation.kubectl('scale', 'statefulset/relais-trial-postgres', `--replicas=${replicas}`)
  const mailIs = async (ready: boolean) =>
    (await installation.pods('mail')).every((pod) => isReady(pod) === ready)
  await scale(0)
  await until('mail isn’t ready', () => mailIs(false))
  await scale(1)
  await until('mail is ready', () => mailIs(true))
  assert.deepEqual(await restarts(), before)
})

const moveTo = async (move: () => Promise<void>) => {
  const traffic = await startTraffic(installation, { addresses: PEOPLE, perSecond: 2 })
  await until('all phones wait', async () => (await heldRequests(installation)) >= PEOPLE.length / 2)
  await move()
  const wrong = await endTraffic(traffic)
  return { wrong: [...wrong, ...traffic.phones.trouble.broken.keys()], said: told(traffic) }
}
const imagesNow = async () => {
  const pods = (await Promise.all(SERVICES.map((service) => installation.pods(service)))).flat()
  return [...new Set(pods.map(({ spec }) => spec.containers[0].image))]
}

test('it is upgraded under traffic: nothing is lost, and no phone is cut off or sees what it doesn’t know', async (context) => {
  await makeAccounts(administrator, PEOPLE)
  const { wrong, said } = await moveTo(() => installation.upgrade([...common, imageOf(NEXT_TAG)]))
  context.diagnostic(said)
  assert.deepEqual(wrong, [])
  assert.deepEqual(await imagesNow(), [`localhost/relais:${NEXT_TAG}`])
})

test('it is rolled back under traffic in the same way', async (context) => {
  const { wrong, said } = await moveTo(() => installation.rollback())
  context.diagnostic(said)
  assert.deepEqual(wrong, [])
  assert.deepEqual(await imagesNow(), [`localhost/relais:${TAG}`])
  assert.match(await installation.test(), /Ping: answered/)
})

/** What Kubernetes puts into each namespace, and what it says of others' objects. */
const NOT_OURS =
  /^(events|endpoints|endpointslices|leases)|^configmaps\/kube-root-ca\.crt$|^serviceaccounts\/default$/

const everything = async (): Promise<readonly string[]> => {
  const kinds = (await cluster.kubectl(['api-resources', '--verbs=list', '--namespaced', '-o', 'name']))
    .trim()
    .split('\n')
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const names = await installation.kubectl('get', kind, '-o', 'jsonpath={.items[*].metadata.name}')
      return names
        .split(' ')
        .filter(Boolean)
        .map((name) => `${kind.split('.')[0]}/${name}`)
    }),
  )
  return found
    .flat()
    .filter((one) => !NOT_OURS.test(one))
    .sort()
}

test('uninstalled, it leaves its data and the Secret that opens them, and nothing else', async () => {
  await installation.uninstall()
  await until('pods have ended', async () => (await installation.list('pods')).length === 0)
  assert.deepEqual(await everything(), [
    'persistentvolumeclaims/data-relais-trial-nats-0',
    'persistentvolumeclaims/data-relais-trial-postgres-0',
    'persistentvolumeclaims/data-relais-trial-s3-0',
    `secrets/${CHECK_SECRET}`,
    'secrets/relais-trial',
  ])
})

test('installed again, it has what it had', async () => {
  await installation.install([...common, imageOf(TAG)])
  assert.match(await installation.test(), /Ping: answered/)
  await installation.uninstall()
})
