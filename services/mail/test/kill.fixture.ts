// A mail service that takes deliveries, imports and changes until it is killed, and says what it has acknowledged.
// Run as: node kill.fixture.ts FOLDER FIRST

import { deliver, importMessages } from './calls.ts'
import { MIKE, startMail, TENANT } from './harness.ts'

const [folder, first] = process.argv.slice(2) as [string, string]
const suite = await startMail({ after: () => {} }, { folder, limits: { searchGatherMs: 0 } })
const mike = { tenant: TENANT, account: MIKE }

const say = (line: string) => process.stdout.write(`${line}\n`)

let next = Number(first)

const work = async () => {
  for (;;) {
    const n = next++
    const message = `Subject: ${n}\nMessage-ID: <${n}@kill>\n\n${'x'.repeat(n % 5000)}\n`
    if (n % 3 === 0) {
      const { position } = await importMessages(suite.client, [{ message, header: { commandId: `i${n}` } }])
      say(`stored ${n} ${position}`)
    } else {
      const [result] = await deliver(suite.client, message, { header: { commandId: `d${n}` } })
      say(`stored ${n} ${result!.position}`)
    }
    if (n % 7 === 0) await change(n)
  }
}

const change = async (n: number) => {
  const { messages } = await suite.client.listMessages({ ...mike, mailbox: 'inbox', pageSize: 5 })
  const placements = messages.map(({ placement }) => placement)
  if (n % 2) await suite.client.updateMessages({ ...mike, placements, seen: true })
  else
    await suite.client.copyMessages({
      ...mike,
      placements: placements.slice(0, 1),
      to: 'archive',
      commandId: `c${n}`,
    })
}

say('ready')
await Promise.all(Array.from({ length: 8 }, work))
