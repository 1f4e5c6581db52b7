import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import type { Installation, Listed } from './installation.ts'
import { addressesOf, endTraffic, heldRequests, startTraffic, type Traffic, until } from './scene.ts'

/** The whole form has 2,000 phones and 20 deliveries a second; the short one takes a laptop. */
const [PHONES = 40, PER_SECOND = 4] = (process.env.RELAIS_TEST_CROWD ?? '')
  .split('/')
  .filter(Boolean)
  .map(Number)

export const PEOPLE = addressesOf(PHONES)
export const SERVICES = ['directory', 'mail', 'mail-transport', 'device-sync', 'administration']

/** Budget of architecture 11: after a rolling restart every phone is held again. */
export const HELD_AGAIN_MS = 30_000

const PUSHED_AFTERWARDS = 20

/** A dead node's pods are replaced after three seconds, not five minutes. */
export const QUICK_TO_LEAVE = Object.fromEntries(
  SERVICES.map((service) => [
    `Deployment/${service}`,
    { spec: { template: { spec: { tolerations: ['not-ready', 'unreachable'].map(leavesSoon) } } } },
  ]),
)

function leavesSoon(what: string) {
  return {
    key: `node.kubernetes.io/${what}`,
    ...{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 },
  }
}

const isTrue = ({ status }: { status: string }) => status === 'True'

export const isReady = ({ status }: Listed): boolean =>
  (status.conditions ?? []).some(
    (one: { type: string; status: string }) => one.type === 'Ready' && isTrue(one),
  )

export type Survival = {
  /** Between the end of what happens and the moment when all phones wait again. */
  readonly heldAgainMs?: number
  /** Whether connections may break: nobody says goodbye who is killed. */
  readonly cutOff?: boolean
  /** Short where a connection may lead nowhere any more: phones notice when they hear nothing for longer. */
  readonly heartbeatSeconds?: number
}

/** An installation with phones that wait and mail that comes in, to which something happens. */
export class Stage {
  readonly cluster: Cluster
  readonly installation: Installation
  readonly #people: readonly string[]

  constructor(installation: Installation, people: readonly string[] = PEOPLE) {
    this.cluster = installation.cluster
    this.installation = installation
    this.#people = people
  }

  /** Phones wait, and mail comes in. */
  async started(heartbeatSeconds?: number): Promise<Traffic> {
    const order = { addresses: this.#people, perSecond: PER_SECOND }
    const given = heartbeatSeconds === undefined ? order : { ...order, heartbeatSeconds }
    const traffic = await startTraffic(this.installation, given)
    await until('all phones wait', () => this.allWait(traffic))
    return traffic
  }

  /** Nine of ten: the others are taking what came. */
  async allWait({ phones }: Traffic): Promise<boolean> {
    const enough = this.#people.length * 0.9
    return phones.waiting() >= enough && (await heldRequests(this.installation)) >= enough
  }

  /** Nothing is lost, nothing comes twice, and no phone hears what it doesn't know, whatever happens. */
  async survives(
    context: TestContext,
    happening: (traffic: Traffic) => Promise<unknown>,
    { heldAgainMs = 120_000, cutOff = false, heartbeatSeconds }: Survival = {},
  ): Promise<void> {
    const traffic = await this.started(heartbeatSeconds)
    try {
      context.diagnostic(await this.#lived(traffic, happening, heldAgainMs))
      const wrong = await endTraffic(traffic)
      context.diagnostic(told(traffic))
      assert.deepEqual(wrong, [])
    } finally {
      traffic.deliveries.abandon()
      traffic.phones.abandon()
    }
    assert.ok(traffic.phones.longestAwayMs <= heldAgainMs, 'a phone was away for longer')
    if (!cutOff) assert.deepEqual([...traffic.phones.trouble.broken], [])
  }

  /** What happens, and until all is as before. Errors: it isn't, within the time. */
  async #lived(
    traffic: Traffic,
    happening: (traffic: Traffic) => Promise<unknown>,
    heldAgainMs: number,
  ): Promise<string> {
    const begun = performance.now()
    await happening(traffic)
    const took = performance.now() - begun
    const again = await until('all phones wait again', () => this.allWait(traffic), heldAgainMs)
    await this.#pushes(traffic)
    const away = traffic.phones.longestAwayMs
    return `it took ${seconds(took)} s; all held again ${seconds(again)} s later, no phone was away for more than ${seconds(away)} s`
  }

  async #pushes({ phones }: Traffic): Promise<void> {
    const before = phones.received()
    await until('mail is pushed again', () => phones.received() >= before + PUSHED_AFTERWARDS)
  }

  async restart(service: string): Promise<void> {
    await this.installation.kubectl('rollout', 'restart', `deployment/relais-${service}`)
    await this.rolledOut(service)
  }

  async rolledOut(service: string): Promise<void> {
    await this.installation.kubectl('rollout', 'status', `deployment/relais-${service}`, '--timeout=240s')
  }

  /** A service's pods are ready. */
  async allReady(service: string): Promise<void> {
    await until(`${service} is ready`, async () => (await this.installation.pods(service)).every(isReady))
  }

  /** Every pod of the services with how often its container was started again. */
  async restarts(): Promise<ReadonlyMap<string, number>> {
    const pods = (await Promise.all(SERVICES.map((service) => this.installation.pods(service)))).flat()
    return new Map(
      pods.map(({ metadata, status }) => [metadata.name, status.containerStatuses[0].restartCount]),
    )
  }
}

const seconds = (ms: number) => (ms / 1000).toFixed(1)

/** For people. */
export const told = ({ phones, deliveries }: Traffic): string => {
  const { later, broken } = phones.trouble
  const cut = [...broken].map(([what, times]) => `${times} × ${what}`).join(', ') || 'none'
  const { accepted, later: postponed, unsure } = deliveries
  return `${accepted} accepted (${postponed} later, ${unsure} unsure), ${phones.received()} came; phones: ${later} told to come later, cut off: ${cut}`
}
