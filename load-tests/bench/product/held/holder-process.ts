import { setTimeout as delay } from 'node:timers/promises'
import { Phone } from '../../../phone/phone.ts'
import { loadAccounts } from '../../installation.ts'
import { inParallel } from '../in-parallel.ts'
import { type Allowance, type HolderMessage, monotonic, type Share } from './holder-messages.ts'

/** A process of the load generator: sets phones up, or leaves each in a Ping on its inbox. Ends with whoever started it. */

/** Phones that are set up at the same time. */
const LANES = 24
/** Seconds. */
const HEARTBEAT = 3540

const { address, first, count, accounts, work }: Share = JSON.parse(process.argv[2] ?? '')

const tell = (message: HolderMessage) => void process.send?.(message)

const phoneOf = (n: number): Phone => {
  const { address: user, password } = loadAccounts(1, n % accounts)[0]!
  return new Phone({ address, user, password, device: `LOAD${Math.floor(n / accounts)}` })
}

const lost = (phone: number) => (error: unknown) =>
  tell({ kind: 'lost', phone, reason: error instanceof Error ? error.message : String(error) })

/** A phone that never synchronised its inbox is told of it once (Status 2); the next Ping waits. */
const setUpAndLeave = async (n: number): Promise<void> => {
  const phone = phoneOf(n)
  const come = work === 'setUp' ? phone.ping(['inbox'], HEARTBEAT) : phone.folderSync()
  await come.catch(lost(n))
  phone.close()
}

let counts = false

/** Milliseconds after which a phone comes again that was told to come later. */
const LATER = 5000

const hold = async (n: number, phone = phoneOf(n)): Promise<void> => {
  const status = await phone.ping(['inbox'], HEARTBEAT).catch(unlessLater)
  const at = monotonic()
  if (status === undefined) await delay(LATER)
  else if (counts) return tell({ kind: 'answered', phone: n, status, at })
  await hold(n, phone)
}

/** Phones that come faster than they can be let in are told to come later. Once all wait that is an error. */
const unlessLater = (error: unknown): undefined => {
  if (counts || !(error instanceof Error) || !error.message.endsWith('HTTP 503')) throw error
}

process.once('disconnect', () => process.exit(0))
if (work !== 'hold') {
  await inParallel(count, LANES, (n) => setUpAndLeave(first + n))
  process.disconnect?.()
} else {
  let asked = 0
  process.on('message', (allowance: Allowance) => {
    counts = allowance.counts
    for (; asked < Math.min(allowance.phones, count); asked++) hold(first + asked).catch(lost(first + asked))
  })
}
