import { Phone } from '../../phone/phone.ts'
import { type Figure, median, percentile } from '../figure.ts'
import { type Account, type Installation, loadAccounts, startInstallation } from '../installation.ts'
import { writeMbox } from '../mailbox.ts'
import type { Target } from '../target.ts'
import { inParallel } from './in-parallel.ts'

const NORMAL = 32
const LOOPING_PER_SECOND = 100
const CONNECTIONS = 64
const ROUND_MS = 3_000
const ROUNDS = 9

/**
 * 32 phones that fetch a mailbox of 10,000 messages, two at a time, with and without one that sends the same FolderSync a hundred times
 * a second; in turn, in one installation.
 */
export const benchLooping = async (target: Target): Promise<Figure[]> => {
  const box = await writeMbox(10_000, true)
  const [many, other] = loadAccounts(2)
  const accounts = [{ ...many!, import: [box.file] }, other!]
  const installation = await startInstallation({ target, accounts, flags: ['--max-repeats', '60'] })
  try {
    const phones = Array.from({ length: NORMAL }, (_, n) => phoneOf(installation, many!, `NORMAL${n}`))
    const looping = Array.from({ length: CONNECTIONS }, () => phoneOf(installation, other!, 'LOOPING'))
    await inParallel(NORMAL, 4, async (n) => {
      await phones[n]!.folderSync()
      await phones[n]!.prime('inbox')
    })
    await rateOf(phones)
    const alone: number[] = []
    const beside: number[] = []
    const told: LoopAnswers = { sent: 0, slowed: 0, latencies: [] }
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await rateOf(phones))
      const loop = startLoop(looping, told)
      beside.push(await rateOf(phones))
      await loop.end()
    }
    for (const phone of [...phones, ...looping]) phone.close()
    return figures(alone, beside, told)
  } finally {
    await installation.kill()
    box.remove()
  }
}

const phoneOf = ({ eas }: Installation, { address, password }: Account, device: string): Phone =>
  new Phone({ address: eas, user: address, password, device })

/** Requests a second of phones that make progress; one that has everything begins anew. */
const rateOf = async (phones: readonly Phone[]): Promise<number> => {
  const until = performance.now() + ROUND_MS
  let requests = 0
  const fetching = async (phone: Phone) => {
    for (; performance.now() < until; requests++) {
      const { more } = await phone.sync('inbox', { window: 2, html: 2048 })
      if (!more) await phone.prime('inbox')
    }
  }
  await Promise.all(phones.map(fetching))
  return (requests * 1000) / ROUND_MS
}

type LoopAnswers = { sent: number; slowed: number; readonly latencies: number[] }

/** A request every ten milliseconds, whether or not those before are answered, on as many connections as it takes. */
const startLoop = (connections: readonly Phone[], told: LoopAnswers) => {
  const idle = [...connections]
  const busy = new Set<Promise<void>>()
  const once = async (phone: Phone) => {
    const sentAt = performance.now()
    told.sent++
    await phone.folderSync().catch(() => {
      told.slowed++
      told.latencies.push(performance.now() - sentAt)
    })
    idle.push(phone)
  }
  const timer = setInterval(() => {
    const phone = idle.pop()
    if (!phone) return
    const request = once(phone).finally(() => busy.delete(request))
    busy.add(request)
  }, 1000 / LOOPING_PER_SECOND)
  return {
    end: async () => {
      clearInterval(timer)
      await Promise.all(busy)
    },
  }
}

const figures = (alone: readonly number[], beside: readonly number[], told: LoopAnswers): Figure[] => [
  { name: '32 phones that fetch, by themselves', value: median(alone), unit: 'requests/s' },
  {
    name: 'the same beside a looping phone (100 requests/s): they lose',
    value: Math.max(0, (1 - median(beside) / median(alone)) * 100),
    unit: '%',
    atMost: 5,
  },
  { name: 'requests of the looping phone', value: (told.sent * 1000) / (ROUND_MS * ROUNDS), unit: '/s' },
  { name: 'of them slowed down', value: (told.slowed / told.sent) * 100, unit: '%', atLeast: 90 },
  { name: 'answer to one of these, p99', value: percentile(told.latencies, 99), unit: 'ms' },
]
