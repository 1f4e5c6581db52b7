import { setTimeout as sleep } from 'node:timers/promises'
import { ERROR_TABLE, OPERATOR, RelaisError } from '@relais/service-kit'
import { FAMILIES } from '../../../../services/standalone/test/phones/families.ts'
import { Violation } from '../../../../services/standalone/test/phones/shown-folder.ts'
import { SimulatedPhone } from '../../../../services/standalone/test/phones/simulated-phone.ts'
import type { Person } from '../../../../services/standalone/test/phones/world.ts'
import type { FaultedWorld } from './clients.ts'
import { type Attempt, attemptMail, type MailPort } from './mail-conversation.ts'
import { untilAnswered, untilDone } from './persistent.ts'
import type { Progress } from './progress.ts'
import { type Random, randomFrom } from './random.ts'
import type { SentMail } from './verdict.ts'

export const FOLDERS = ['inbox', 'archive', 'trash'] as const
const OFTEN = ['inbox', 'inbox', 'inbox', ...FOLDERS] as const
const ONE_DOMAIN = 'acme.example'

export type Scene = {
  readonly world: FaultedWorld
  readonly seed: number
  /** Makes names of one round differ from all others. */
  readonly round: string
  /** True once nobody is to begin anything new. */
  readonly over: () => boolean
  readonly progress: Progress
}

export type PhoneOwner = { readonly person: Person; readonly shared: boolean }

/** A phone, and what its user did with it. */
export type BusyPhone = {
  readonly owner: PhoneOwner
  readonly phone: SimulatedPhone
  readonly deleted: string[]
  readonly flagged: string[]
  readonly sent: SentMail[]
  /** How often its user did something. */
  turns: number
}

export const busyPhone = (world: FaultedWorld, owner: PhoneOwner, n: number): BusyPhone => {
  const family = FAMILIES[n % FAMILIES.length]!
  const setUp = { family, device: `FAULTS${n}`, folders: FOLDERS, send: untilAnswered }
  const phone = new SimulatedPhone(world, owner.person, setUp)
  return { owner, phone, deleted: [], flagged: [], sent: [], turns: 0 }
}

const KINDS = ['sync', 'sync', 'sync', 'sync', 'touch', 'touch', 'touch', 'move', 'send', 'ping'] as const

/** What a phone's user does until the round is over. */
export const usePhone = async (busy: BusyPhone, n: number, scene: Scene): Promise<void> => {
  const random = randomFrom(scene.seed, `phone ${n}`)
  scene.progress.begins(`phone ${n}`)
  for (let turn = 0; !scene.over(); turn++) {
    await actOnPhone(random.pick(KINDS), busy, { random, scene, turn, n })
    busy.turns++
    scene.progress.step(`phone ${n}`)
    await sleep(random.between(20, 200))
  }
}

type Turn = { readonly random: Random; readonly scene: Scene; readonly turn: number; readonly n: number }

const actOnPhone = async (kind: (typeof KINDS)[number], busy: BusyPhone, turn: Turn): Promise<void> => {
  const { random } = turn
  const { phone } = busy
  const folder = random.pick(OFTEN)
  switch (kind) {
    case 'sync':
      await phone.sync(folder, { window: random.pick([1, 5, 25, 100]), fault: 'none' })
      return
    case 'touch':
      return touch(busy, folder, random)
    case 'move': {
      const to = random.pick(FOLDERS.filter((one) => one !== folder))
      return phone.move(folder, to, { nth: random.below(20), fault: 'none' })
    }
    case 'send':
      return sendFromPhone(busy, turn)
    default:
      return pingFor(phone, random.between(500, 4_000))
  }
}

const touch = ({ phone, deleted, flagged }: BusyPhone, folder: string, random: Random): void => {
  const kind = random.pick(['read', 'unread', 'flag', 'flag', 'delete'] as const)
  const id = phone.touch(folder, kind, random.below(20))
  const subject = id === undefined ? undefined : phone.subjectOf(id)
  if (subject === undefined) return
  if (kind === 'delete') deleted.push(subject)
  if (kind === 'flag') flagged.push(subject)
}

const sendFromPhone = async ({ owner, phone, sent }: BusyPhone, { scene, turn, n }: Turn): Promise<void> => {
  const subject = `phone ${n} ${scene.round}.${turn}`
  const { address } = owner.person
  await phone.sendMail(`${scene.round}-${n}-${turn}`, Buffer.from(textOf(subject, address, address)))
  sent.push({ subject, recipient: address, acknowledged: true, uncertain: 0 })
}

/** A phone's radio may be switched off while it waits. */
const pingFor = async (phone: SimulatedPhone, ms: number): Promise<void> => {
  const signal = AbortSignal.timeout(ms)
  await phone.ping(signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

const textOf = (subject: string, from: string, to: string): string =>
  [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${subject.replaceAll(' ', '-')}@faults.example>`,
    '',
    `This is ${subject}.`,
    '',
  ].join('\r\n')

/** So that phones have something to act on from the beginning. */
export const firstMail = async (
  port: MailPort,
  people: readonly Person[],
  { round }: Scene,
): Promise<readonly SentMail[]> => {
  const sent: SentMail[] = []
  for (const [n, { address }] of people.entries())
    for (let nth = 0; nth < 8; nth++)
      sent.push(await untilAccepted(port, `first ${round}.${n}.${nth}`, address))
  return sent
}

/** A mail system that has mail for the people: it repeats each until it is accepted. */
export const deliverMail = async (
  port: MailPort,
  people: readonly Person[],
  scene: Scene,
): Promise<readonly SentMail[]> => {
  const random = randomFrom(scene.seed, port.protocol)
  const sent: SentMail[] = []
  scene.progress.begins(port.protocol)
  for (let n = 0; !scene.over(); n++) {
    const subject = `${port.protocol} ${scene.round}.${n}`
    sent.push(await untilAccepted(port, subject, random.pick(people).address))
    scene.progress.step(port.protocol)
    await sleep(random.between(20, 300))
  }
  return sent
}

const untilAccepted = async (port: MailPort, subject: string, recipient: string): Promise<SentMail> => {
  const mail = { recipient, text: textOf(subject, 'sender@faults.example', recipient) }
  for (let uncertain = 0; ; ) {
    const attempt: Attempt = await attemptMail(port, mail)
    if (attempt === 'acknowledged') return { subject, recipient, acknowledged: true, uncertain }
    if (attempt === 'uncertain') uncertain++
    await sleep(300)
  }
}

/** An account that the administrator made, and what was set last. */
export type MadeAccount = {
  readonly address: string
  readonly account: string
  state: string
  password: string
}

/** Makes throw-away accounts, locks and unlocks them, changes their passwords; each call is repeated until it is answered. */
export const administer = async (scene: Scene): Promise<readonly MadeAccount[]> => {
  const { world, seed, round, over, progress } = scene
  const random = randomFrom(seed, 'administrator')
  progress.begins('administrator')
  const { administration } = world
  const tenant = 'acme'
  const identity = OPERATOR
  const made: MadeAccount[] = []
  for (let n = 0; !over(); n++) {
    await sleep(random.between(50, 500))
    const known = made.length === 0 ? undefined : random.pick(made)
    const deed = random.below(4)
    if (known === undefined || (deed === 0 && made.length < 20)) {
      made.push(await makeAccount(world, `new-${round}-${n}@${ONE_DOMAIN}`.toLowerCase()))
    } else if (deed === 1) {
      const password = `changed-${n}`
      await untilDone(() =>
        administration.setPassword({ tenant, account: known.account, password }, { identity }),
      )
      known.password = password
    } else {
      const state = random.pick(['active', 'locked'])
      await untilDone(() =>
        administration.setAccountState({ tenant, account: known.account, state }, { identity }),
      )
      known.state = state
    }
    progress.step('administrator')
  }
  return made
}

const makeAccount = async ({ administration }: FaultedWorld, address: string): Promise<MadeAccount> => {
  const identity = OPERATOR
  const password = 'first'
  const request = { tenant: 'acme', accounts: [{ address, password }], throwAway: true }
  await untilDone(async () => {
    const { accounts } = await administration.createAccounts(request, { identity })
    const { code = '', reason = '' } = accounts[0] ?? {}
    // NAME_RESERVED: an attempt that was cut off has claimed the address, for ten seconds; others may pass too.
    if (code !== '') throw new RelaisError(code, reason, ERROR_TABLE[code]?.retryable === true)
  }, 'ADDRESS_TAKEN')
  let account: string | undefined
  await untilDone(async () => {
    const { accounts } = await administration.listAccounts({ tenant: 'acme', query: address }, { identity })
    account = accounts[0]?.account
    if (account === undefined) throw new RelaisError('NOT_LISTED', 'its row is still to come', true)
  })
  if (account === undefined) throw new Violation(`${address} was made and is not there`)
  return { address, account, state: 'active', password }
}
