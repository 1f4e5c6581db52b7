import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { failOver, NATS_SERVERS, streamLeader } from './high-availability.ts'
import { operatorStage } from './operator-stage.ts'
import { heldRequests, type Traffic, until } from './scene.ts'
import type { Stage } from './stage.ts'
import { leave } from './trial-stage.ts'

const SERVERS = 'servers'
const AWAY_MS = 20_000
const MINUTE_MS = 60_000

let stage: Stage

before(async () => {
  stage = await operatorStage('beside', SERVERS)
})
after(() => leave(stage))

const uidOf = (pod: string): Promise<string> =>
  stage.cluster.kubectl(['-n', SERVERS, 'get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}'])

const isThere = async (pod: string): Promise<boolean> => {
  const path = 'jsonpath={.status.containerStatuses[0].ready}'
  return (await stage.cluster.kubectl(['-n', SERVERS, 'get', 'pod', pod, '-o', path])) === 'true'
}

/** Killed whenever it is started again; then it may come back. */
const keepDown = async (pods: readonly string[], ms: number): Promise<void> => {
  const uids = await Promise.all(pods.map(uidOf))
  const killing = setInterval(() => uids.forEach((uid) => void stage.cluster.killPod(uid)), 250)
  await new Promise((resolve) => setTimeout(resolve, ms))
  clearInterval(killing)
  await until('they are back', async () => (await Promise.all(pods.map(isThere))).every(Boolean))
}

const leader = () => streamLeader(stage.cluster, SERVERS, 'relais')
const LEADING = { cutOff: true, heldAgainMs: 180_000 }

test('kill -9 of the JetStream server that leads: another one leads, nothing is lost', async (context) => {
  const before = await leader()
  const kill = async () => {
    stage.cluster.killPod(await uidOf(before))
    await until('another one leads', async () => (await leader().catch(() => before)) !== before)
  }
  await stage.survives(context, kill, LEADING)
})

/** While something is away: no mail is taken and none is refused for good, phones go on waiting. */
const whileAway = async ({ deliveries }: Traffic, away: Promise<void>): Promise<string> => {
  const heldAtLeast = { requests: Number.POSITIVE_INFINITY }
  const { later, unsure, accepted } = deliveries
  const watching = setInterval(async () => {
    heldAtLeast.requests = Math.min(heldAtLeast.requests, await heldRequests(stage.installation))
  }, 1000)
  await away
  clearInterval(watching)
  assert.deepEqual(deliveries.refused, [])
  return `meanwhile ${deliveries.accepted - accepted} accepted, ${deliveries.later - later} told to come later, ${deliveries.unsure - unsure} unsure, at least ${heldAtLeast.requests} held`
}

test('two of three JetStream servers are killed and stay away: mail is told to come later, phones wait on, nothing is lost', async (context) => {
  const two = NATS_SERVERS.slice(1)
  const happening = async (traffic: Traffic) => {
    context.diagnostic(await whileAway(traffic, keepDown(two, AWAY_MS)))
    assert.ok(traffic.deliveries.later > 0, 'nobody was told to come later')
  }
  await stage.survives(context, happening, LEADING)
})

test('PostgreSQL is killed and starts again: nothing is lost', async (context) => {
  await stage.survives(context, () => keepDown(['postgres'], 1_000), LEADING)
})

test('S3 is away for a minute: phones wait on, nothing is lost', async (context) => {
  const happening = async (traffic: Traffic) =>
    context.diagnostic(await whileAway(traffic, keepDown(['s3'], MINUTE_MS)))
  await stage.survives(context, happening, LEADING)
})

test('the network between device-sync and NATS is cut for twenty seconds: what was missed is found', async (context) => {
  const addresses = async (namespace: string, selector: string) => {
    const args = ['-n', namespace, 'get', 'pods', '-l', selector, '-o', 'jsonpath={.items[*].status.podIP}']
    return (await stage.cluster.kubectl(args)).split(' ')
  }
  const cut = async ({ deliveries, phones: crowd }: Traffic) => {
    const phones = await addresses('beside', 'app.kubernetes.io/component=device-sync')
    const nats = await addresses(SERVERS, `app in (${NATS_SERVERS.join(',')})`)
    const [accepted, received] = [deliveries.accepted, crowd.received()]
    const mend = await stage.cluster.cut(phones, nats)
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
    const [taken, told] = [deliveries.accepted - accepted, crowd.received() - received]
    const missed = deliveries.accepted
    await mend()
    const found = await until('what was missed is found', () => crowd.received() >= missed)
    const after = `all of them ${(found / 1000).toFixed(1)} s after the cut was mended`
    context.diagnostic(`${taken} messages were accepted meanwhile, ${told} came to phones, ${after}`)
    assert.ok(taken > 10, 'no mail was taken')
    assert.ok(told < taken / 2, 'notices came through the cut')
  }
  await stage.survives(context, cut, LEADING)
})

// The last one: there is no standby after it.
test('PostgreSQL fails over to its standby: nothing is lost', async (context) => {
  await stage.survives(context, () => failOver(stage.cluster, SERVERS), LEADING)
})
