import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { KubernetesObject } from '@relais/kubernetes/in-cluster.ts'
import { type Authority, createAuthority } from '@relais/testing'
import { parseAllDocuments } from 'yaml'
import { LmtpSender } from '../../../../load-tests/phone/lmtp-sender.ts'
import { message } from '../../../../load-tests/phone/messages.ts'
import { Phone } from '../../../../load-tests/phone/phone.ts'
import { example } from '../../../edge/test/edges.ts'
import {
  GATEWAY_CLASS,
  GATEWAY_NAMESPACE,
  startGateway,
  stopGateway,
  whyNoGateway,
} from './gateway-controller.ts'
import { givenCluster } from './given.ts'
import { primedInbox } from './phone-crowd.ts'
import { PASSWORD, until } from './scene.ts'
import { PEOPLE, type Stage } from './stage.ts'
import { leave, trialStage } from './trial-stage.ts'

const DAY_MS = 86_400_000
/** Traefik's own waits are 60 s for a request and 180 s for a connection without one. */
const LONGER_THAN_ITS_WAITS_MS = 190_000
const HEARTBEAT_SECONDS = 900

const NAMESPACE = 'behind-gateway'
/** The chart's own route is for the one, the example's for the other. */
const CHARTS = 'mail.example.org'
const EXAMPLES = 'autodiscover.example.org'

let stage: Stage
let authority: Authority
/** Where the Gateway is reached. */
let host: string
/** Why there is no controller on this machine; undefined: there is. */
let missing: string | undefined

before(async () => {
  missing = await whyNoGateway()
  if (missing !== undefined) return
  const gateway = {
    enabled: true,
    parentRefs: [{ name: 'phones', namespace: NAMESPACE }],
    hostnames: [CHARTS],
  }
  const from = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': GATEWAY_NAMESPACE } } }
  // The kinds must be there before the chart's route.
  host = await startGateway(await givenCluster())
  stage = (await trialStage(NAMESPACE, { gateway, networkPolicy: { gateway: [from] } })).stage
  authority = await createAuthority('the gateway’s', DAY_MS)
  const issued = await authority.issue('public', { hosts: [CHARTS, EXAMPLES] })
  const content = { 'tls.crt': issued.certificate, 'tls.key': issued.key }
  await stage.installation.makeSecret('relais-public-tls', content)
  await stage.cluster.apply(manifest())
})
after(async () => {
  if (missing !== undefined) return
  await leave(stage)
  await stopGateway(stage.cluster)
})

/** The example with this cluster's class and namespace; its route leaves the other name to the chart's. */
const manifest = (): readonly KubernetesObject[] => {
  const text = example('gateway-api.yaml')
    .replaceAll('namespace: relais', `namespace: ${NAMESPACE}`)
    .replace('gatewayClassName: example', `gatewayClassName: ${GATEWAY_CLASS}`)
  const [gateway, route] = parseAllDocuments(text).map((one) => one.toJS())
  route.spec.hostnames = [EXAMPLES]
  return [gateway, route]
}

const phoneBy = (servername: string, user: string): Phone =>
  new Phone({
    address: { host, port: 443, secure: true, servername, trust: { ca: authority.ca } },
    ...{ user, password: PASSWORD, device: `GATEWAY${servername.length}` },
  })

/** A controller takes a moment to read a new route. */
const inboxBy = async (phone: Phone): Promise<string> => {
  let inbox = ''
  await until('the route is there', async () => {
    inbox = await primedInbox(phone).catch((error: Error) => {
      if (/HTTP 404|ECONN|certificate/i.test(error.message)) return ''
      throw error
    })
    return inbox !== ''
  })
  return inbox
}

const deliver = async (user: string): Promise<void> => {
  const sender = await LmtpSender.connect(await stage.installation.addressOf('lmtp'), 24)
  await sender.deliver(user, message(1))
  sender.close()
}

const holds = (route: string, servername: string, user = '') =>
  test(`at ${route} it is answered by mail that comes after that`, async (context: TestContext) => {
    if (missing !== undefined) return context.skip(missing)
    const phone = phoneBy(servername, user)
    context.after(() => phone.close())
    const inbox = await inboxBy(phone)
    await phone.syncAll(inbox)
    const waiting = phone.ping([inbox], HEARTBEAT_SECONDS)
    assert.equal(await Promise.race([waiting, pause(LONGER_THAN_ITS_WAITS_MS, 'it waits')]), 'it waits')
    await deliver(user)
    assert.equal(await waiting, '2')
  })

describe('a Ping through a Gateway waits for longer than the controller’s own waits', {
  concurrency: true,
}, () => {
  holds('the chart’s route', CHARTS, PEOPLE[0])
  holds('the example’s route', EXAMPLES, PEOPLE[1])
})
