import { join } from 'node:path'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { message } from '../../../load-tests/phone/messages.ts'
import { Phone } from '../../../load-tests/phone/phone.ts'
import { hostAndPort, start, testFolder, writeSeed } from '../../../services/standalone/test/process.ts'
import type { RunningEdge } from './edges.ts'

export const ANNA = { address: 'anna@acme.example', password: 'correct horse' }
/** [MS-ASCMD] FolderSync Type. */
const INBOX_TYPE = '2'

type After = (fn: () => void | Promise<void>) => void

/** A Relais that believes a proxy on this machine, and a folder for what stands before it. Ends with the suite. */
export const startProduct = async (after: After) => {
  const { path: folder, remove } = testFolder()
  const endings: (() => void | Promise<void>)[] = [remove]
  const scope = { after: (end: () => void | Promise<void>) => void endings.push(end) }
  after(async () => {
    for (const end of endings.reverse()) await end()
  })
  const seed = writeSeed(folder, [ANNA])
  const flags = ['--seed', seed, '--throw-away', '--trusted-proxies', '127.0.0.1']
  const running = await start(scope, join(folder, 'data'), flags)
  const { host, port } = hostAndPort(running.ready.lmtp)
  return {
    folder,
    port: Number(new URL(running.ready.eas).port),
    /** Mail for Anna. */
    deliver: async () => {
      const sender = await LmtpSender.connect(host, port)
      await sender.deliver(ANNA.address, message(1))
      sender.close()
    },
  }
}

/** A phone of Anna's that has all of her inbox, and may wait at any edge. What comes before a Ping goes through the first. */
export const phoneThrough = async (first: RunningEdge, device: string) => {
  const { address } = first
  const phone = new Phone({ address, user: ANNA.address, password: ANNA.password, device })
  const { folders } = await phone.folderSync()
  const [inbox = ''] = [...folders].find(([, type]) => type === INBOX_TYPE) ?? []
  await phone.prime(inbox)
  await phone.syncAll(inbox)
  phone.close()
  return {
    /** Resolves with the status. */
    ping: async (seconds: number, edge = first) => {
      const there = phone.at(`https://${edge.address.host}:${edge.address.port}`)
      return there.ping([inbox], seconds).finally(() => there.close())
    },
  }
}
