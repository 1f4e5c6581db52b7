import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { waitUntil } from '@relais/testing'
import { compare, rest, wakes } from '../../../../services/standalone/test/phones/schedule.ts'
import type { SimulatedPhone } from '../../../../services/standalone/test/phones/simulated-phone.ts'
import type { Cluster } from '../../src/cluster.ts'
import { untilReady } from '../../src/services.ts'
import type { FaultedWorld } from './clients.ts'
import { accountsOf, mailsOf, retryQueue, sentBy } from './found.ts'
import type { MailPort } from './mail-conversation.ts'
import { Progress, untilEachStepped } from './progress.ts'
import { judgeAccounts, judgeMails, type SentMail } from './verdict.ts'
import {
  administer,
  type BusyPhone,
  busyPhone,
  deliverMail,
  firstMail,
  type MadeAccount,
  usePhone,
} from './workload.ts'

const QUEUE_MS = 60_000

/** Longer than every deadline and every pause between attempts. */
const BREATH_MS = 90_000

export type Round = {
  readonly cluster: Cluster
  readonly world: FaultedWorld
  readonly seed: number
  readonly name: string
  readonly mailPorts: readonly MailPort[]
  /** Resolves when all faults of the round were made and taken back; `breathe` in between lets everybody come to an end with something. */
  readonly faults: (breathe: () => Promise<void>) => Promise<void>
  /** Judges what is held when phones have gone. */
  readonly judgeRest: () => Promise<void>
}

/** What was done in a round, for its reader. */
export type Done = {
  readonly mails: number
  readonly uncertain: number
  readonly turns: number
  readonly deeds: number
  readonly accounts: number
}

/** Phones, senders and an administrator work while faults happen; then nothing that was acknowledged may be missing. */
export const playRound = async (round: Round): Promise<Done> => {
  const { cluster, world, seed, name, mailPorts, faults } = round
  const people = [await world.person(), await world.person(), await world.person()]
  const [one, two, three] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
  const owners = [
    { person: one, shared: false },
    { person: two, shared: false },
    { person: three, shared: true },
    { person: three, shared: true },
  ]
  const phones = owners.map((owner, n) => busyPhone(world, owner, n))
  let over = false
  const progress = new Progress()
  const scene = { world, seed, round: name, over: () => over, progress }
  const breathe = async () => {
    await Promise.all(cluster.services.map(untilReady))
    await untilEachStepped(progress, BREATH_MS)
  }
  try {
    const first = await firstMail(mailPorts[0]!, people, scene)
    for (const { phone } of phones) await phone.setUp().then(() => rest(phone))
    const working = [
      Promise.all(mailPorts.map((port) => deliverMail(port, people, scene))),
      administer(scene),
      ...phones.map((busy, n) => usePhone(busy, n, scene)),
    ] as const
    const end = () => {
      over = true
    }
    const worked = Promise.all(working)
    await Promise.race([faults(breathe).finally(end), worked.then(() => {})])
    await Promise.all(cluster.services.map(untilReady))
    const [delivered, accounts] = await worked
    const mails = [...first, ...delivered.flat(), ...phones.flatMap(({ sent }) => sent)]
    await judge({ ...round, phones, mails, accounts })
    return {
      mails: mails.length,
      uncertain: mails.reduce((sum, { uncertain }) => sum + uncertain, 0),
      turns: phones.reduce((sum, { turns }) => sum + turns, 0),
      deeds: phones.reduce((sum, { deleted, flagged }) => sum + deleted.length + flagged.length, 0),
      accounts: accounts.length,
    }
  } finally {
    over = true
    for (const { phone } of phones) phone.close()
  }
}

type Evidence = Round & {
  readonly phones: readonly BusyPhone[]
  readonly mails: readonly SentMail[]
  readonly accounts: readonly MadeAccount[]
}

const judge = async (evidence: Evidence): Promise<void> => {
  const { world, phones, mails, accounts } = evidence
  for (const { phone } of [...phones, ...phones]) await rest(phone)
  const people = [...new Set(phones.map(({ owner }) => owner.person))]
  const deeds = phones.map(({ owner, deleted, flagged }) => ({
    ...{ account: owner.person.address, shared: owner.shared, deleted, flagged },
  }))
  const wrong = async () => judgeMails(mails, deeds, await mailsOf(world, people))
  // A phone's mail goes through the queue, where it may wait for its next attempt.
  await waitUntil(async () => (await retryQueue(world)) === 0 && (await wrong()).length === 0, {
    within: QUEUE_MS,
  }).catch(() => {})
  const shown = await accountsOf(
    world,
    accounts.map(({ address }) => address),
  )
  assert.deepEqual([...(await wrong()), ...judgeAccounts(accounts, shown)], [])
  for (const { owner, phone, sent } of phones) {
    await untilSame(phone, { world, person: owner.person })
    const copies = await sentBy(world, owner.person)
    for (const { subject } of sent)
      assert.equal(copies.filter((copy) => copy === subject).length, 1, `Sent Items hold "${subject}" once`)
  }
  await freshPhones(evidence)
  for (const account of accounts) await signsIn(account, world)
  for (const { owner, phone } of phones.slice(0, 3)) await wakes(phone, { world, person: owner.person })
  for (const { phone } of phones) phone.close()
  await evidence.judgeRest()
}

/** A device-sync whose connection to the log was cut hears of the last mail when it has another one: until then it knows of nothing new. */
const HEARD_MS = 15_000

const untilSame = async (phone: SimulatedPhone, truth: Parameters<typeof compare>[1]): Promise<void> => {
  const deadline = performance.now() + HEARD_MS
  for (;;) {
    await rest(phone)
    try {
      return await compare(phone, truth)
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(100)
  }
}

/** A phone that comes to an account anew is told what mail's rows say. */
const freshPhones = async ({ world, phones }: Evidence): Promise<void> => {
  for (const [n, { owner }] of phones.entries()) {
    const fresh = busyPhone(world, owner, phones.length + n).phone
    try {
      await fresh.setUp()
      await rest(fresh)
      await compare(fresh, { world, person: owner.person })
    } finally {
      fresh.close()
    }
  }
}

/** The password that was set last lets an active account in, and a locked one stays out. */
const signsIn = async ({ address, password, state }: MadeAccount, { urls }: FaultedWorld): Promise<void> => {
  const client = new EasClient({ url: urls[0] ?? '', user: address, password })
  const { status } = await client.optionsRequest().finally(() => client.close())
  assert.equal(status === 200, state === 'active', `${address} is ${state} and was answered with ${status}`)
}
