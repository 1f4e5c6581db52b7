// A device-sync in a process of its own, with so many accounts, each of a hundred folders and a long message. Says its port, and what it takes when asked.
import { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import { createPhoneServer } from '../../src/http/phone-server.ts'
import { testMessage } from '../mail-double.ts'
import { startTestService } from '../test-service.ts'
import { type Figures, FOLDERS, MESSAGE, MESSAGE_BYTES, userOf } from './crowd.ts'

const [accounts = '1', config = '{}'] = process.argv.slice(2)
const ends: (() => void | Promise<void>)[] = []
const { service, mail } = await startTestService(
  { after: (end) => ends.push(end) },
  { accounts: Array.from({ length: Number(accounts) }, (_, n) => userOf(n)), config: JSON.parse(config) },
)
const changes = Array.from({ length: FOLDERS }, (_, n) => ({
  added: true,
  mailbox: Mailbox.fromPartial({ mailbox: `m${n}`, role: n === 0 ? 'inbox' : '', name: `Folder ${n}` }),
}))
mail.standsStill = true
mail.hierarchyOf = (after) => ({
  changes: after === 0 ? changes : [],
  ...{ removed: [], position: 1, stale: false },
})
const data = Buffer.alloc(MESSAGE_BYTES, 'long ')
mail.messages.set(
  MESSAGE,
  testMessage(MESSAGE, { body: { type: 'plain', estimatedSize: data.length, truncated: false, data } }),
)
const phones = createPhoneServer(service.listener, undefined)
const { port } = await phones.listen('127.0.0.1', 0)

const figures = (): Figures => {
  globalThis.gc?.()
  return {
    heldRequests: service.held.count,
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 2 ** 10,
  }
}

process.on('message', (asked: 'figures' | 'drain') => {
  if (asked === 'figures') process.send?.(figures())
  else void service.drain(0)
})
process.once('disconnect', async () => {
  phones.close()
  for (const end of ends.reverse()) await end()
  process.exit()
})
process.send?.({ port })
