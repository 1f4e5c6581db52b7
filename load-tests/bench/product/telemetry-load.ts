import { LmtpSender } from '../../phone/lmtp-sender.ts'
import { message } from '../../phone/messages.ts'
import { Phone } from '../../phone/phone.ts'
import { inParallel } from './in-parallel.ts'

/** What a child process is asked for: work for so many milliseconds. */
export type LoadRequest = { readonly kind: 'syncs' | 'deliveries'; readonly ms: number }
export type LoadAnswer = { readonly done: number }

export const ACCOUNTS = 64
const PHONES = 32
const SENDERS = 16

type Lane = () => Promise<unknown>

const work = async (lanes: readonly Lane[], ms: number): Promise<number> => {
  const until = performance.now() + ms
  let done = 0
  await Promise.all(
    lanes.map(async (lane) => {
      while (performance.now() < until) {
        await lane()
        done++
      }
    }),
  )
  return done
}

const syncLanes = async (port: number): Promise<Lane[]> => {
  const address = { host: '127.0.0.1', port, secure: false }
  const account = { user: 'u0@load.example', password: 'load-password' }
  const phones = Array.from({ length: PHONES }, (_, n) => new Phone({ address, ...account, device: `T${n}` }))
  await inParallel(PHONES, 4, async (n) => {
    await phones[n]!.folderSync()
    await phones[n]!.prime('inbox')
    await phones[n]!.syncAll('inbox')
  })
  return phones.map((phone) => () => phone.sync('inbox'))
}

/** To all accounts but the one whose phones have nothing to sync. */
const deliveryLanes = (port: number): Promise<Lane[]> =>
  Promise.all(
    Array.from({ length: SENDERS }, async (_, lane) => {
      const sender = await LmtpSender.connect('127.0.0.1', port)
      let n = lane
      return () => sender.deliver(`u${1 + (n++ % (ACCOUNTS - 1))}@load.example`, message(n % 50))
    }),
  )

/** The load of benchTelemetry, in a process of its own: the measured one does nothing else. */
const run = async ([eas = '', lmtp = '']: readonly string[]): Promise<void> => {
  const lanes = { syncs: await syncLanes(Number(eas)), deliveries: await deliveryLanes(Number(lmtp)) }
  process.on('message', ({ kind, ms }: LoadRequest) => {
    void work(lanes[kind], ms).then((done) => process.send?.({ done } satisfies LoadAnswer))
  })
  process.send?.({ done: 0 } satisfies LoadAnswer)
}

if (process.send !== undefined && process.argv[2] !== undefined) await run(process.argv.slice(2))
