// A mail service whose owner is away: takes deliveries of ever new senders, each twice, until it is killed, and says which it has acknowledged.
// Run as: node automatic-replies-kill.fixture.ts FOLDER FIRST

import { deliver } from './calls.ts'
import { MIKE, startMail, TENANT } from './harness.ts'

const [folder, first] = process.argv.slice(2) as [string, string]
const limits = { automaticRepliesPerHour: 1_000_000, searchGatherMs: 10_000 }
const suite = await startMail({ after: () => {} }, { folder, limits })
await suite.client.setAutomaticReplies({
  tenant: TENANT,
  account: MIKE,
  replies: { state: 'on', outsideUnknown: { enabled: true, type: 'plain', text: 'away' } },
})

const say = (line: string) => process.stdout.write(`${line}\n`)

let next = Number(first)

const work = async () => {
  for (;;) {
    const n = next++
    const envelopeSender = `sender${n}@x.example`
    for (const half of ['a', 'b'])
      await deliver(suite.client, `To: mike@ox.io\nSubject: ${n}${half}\n\nx\n`, {
        header: { envelopeSender, commandId: `${half}${n}` },
      })
    say(`delivered ${n}`)
  }
}

say('ready')
await Promise.all(Array.from({ length: 4 }, work))
