// A process of the simulator: leads the phones that it is told to, and tells what came of it. Ends with whoever started it.

import { lookup } from 'node:dns/promises'
import { chance } from '@relais/testing/chance.ts'
import { MAX_ANSWER_BYTES } from '../eas/answers.ts'
import { lifeOf } from '../eas/life.ts'
import { type PhoneState, phoneOf } from '../eas/phone-state.ts'
import type { NetworkName } from '../eas/plan.ts'
import type { World } from '../eas/world.ts'
import { Gathering } from '../load/measurements.ts'
import { LINKS, type Network, startNetwork } from '../load/networks.ts'
import { type Address, HttpConnection } from '../phone/http-connection.ts'
import { drive, type Line } from './drive.ts'
import type { Command, FromProcess, Share, Target } from './share.ts'

const TELL_MS = 1000

const prepare = async (share: Share): Promise<void> => {
  const { plan, first, count, accounts } = share
  const phones = Array.from({ length: count }, (_, n) =>
    phoneOf(plan, first + n, accounts[(first + n) % accounts.length]!),
  )
  const lines = await startLines(share.target, phones)
  const stop = new AbortController()
  let isLiving = false
  process.on('message', (command: Command) => {
    if (command.kind === 'stop') {
      stop.abort()
      if (!isLiving) process.disconnect?.() // nobody waits for phones that never came
      return
    }
    isLiving = true
    live(share, { phones, lines, began: command.began, signal: stop.signal }).catch(fail)
  })
  tell({ kind: 'ready' })
}

const tell = (message: FromProcess, done?: () => void): void =>
  void process.send?.(message, undefined, undefined, done)

type Prepared = {
  readonly phones: readonly PhoneState[]
  readonly lines: Lines
  readonly began: number
  readonly signal: AbortSignal
}

const live = async (share: Share, { phones, lines, began, signal }: Prepared): Promise<void> => {
  const { plan, first } = share
  const gathering = new Gathering()
  const world = worldOf(share, began, gathering)
  const gathered = () => ({ at: world.now(), batch: gathering.drain(), residentMiB: residentMiB() })
  const timer = setInterval(() => tell({ kind: 'while', ...gathered() }), TELL_MS)
  await Promise.all(
    phones.map((phone, n) => {
      const comesAt = (plan.rampSeconds * (first + n)) / plan.phones
      return drive(lifeOf(phone, comesAt, plan, world), phone, lines.of(phone, first + n), signal)
    }),
  )
  clearInterval(timer)
  await lines.close()
  tell({ kind: 'ended', ...gathered() }, () => process.disconnect?.())
}

const residentMiB = (): number => process.memoryUsage.rss() / 1024 / 1024

const worldOf = ({ seed, first, accounts }: Share, began: number, gathering: Gathering): World => {
  const random = chance(seed + first)
  const origin = performance.timeOrigin
  return {
    count: (what, by) => gathering.count(what, by),
    took: (what, ms) => gathering.took(what, ms),
    wondered: (why) => gathering.wondered(why),
    now: () => (origin + performance.now() - began) / 1000,
    date: () => origin + performance.now(),
    random,
    someone: () => accounts[Math.floor(random() * accounts.length)]!.address,
  }
}

type Lines = { of(phone: PhoneState, n: number): Line; close(): Promise<unknown> }

/** A connection for each phone. Names are looked up once: ten thousand phones would ask ten thousand times. */
const startLines = async (target: Target, phones: readonly PhoneState[]): Promise<Lines> => {
  const url = new URL(target.url)
  const secure = url.protocol === 'https:'
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const found = await lookup(name, { all: true })
  const port = Number(url.port || (secure ? 443 : 80))
  const networks = await startNetworks({ host: found[0]!.address, port }, phones)
  const base = {
    secure,
    maxBody: MAX_ANSWER_BYTES,
    ...(secure && { servername: name }),
    ...(secure && !target.insecure && { trust: target.ca === undefined ? {} : { ca: target.ca } }),
  }
  const addressOf = (phone: PhoneState, n: number): Address => {
    const network = networks.get(phone.network)
    if (network !== undefined) return { ...base, host: '127.0.0.1', port: network.port }
    const from = target.from[n % target.from.length]
    return { ...base, host: found[n % found.length]!.address, port, ...(from !== undefined && { from }) }
  }
  return {
    of: (phone, n) => ({
      connection: new HttpConnection(addressOf(phone, n)),
      path: `${url.pathname.replace(/\/$/, '')}/Microsoft-Server-ActiveSync`,
      host: url.host,
    }),
    close: () => Promise.all([...networks.values()].map((network) => network.close())),
  }
}

const startNetworks = async (
  target: { readonly host: string; readonly port: number },
  phones: readonly PhoneState[],
): Promise<ReadonlyMap<NetworkName, Network>> => {
  const networks = new Map<NetworkName, Network>()
  for (const name of ['slow', 'bad'] as const)
    if (phones.some(({ network }) => network === name))
      networks.set(name, await startNetwork(target, LINKS[name]))
  return networks
}

process.once('disconnect', () => process.exit(0))
const fail = (error: unknown): never => {
  process.stderr.write(`relais: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

process.once('message', (share: Share) => void prepare(share).catch(fail))
