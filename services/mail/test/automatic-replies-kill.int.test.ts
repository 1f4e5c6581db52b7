import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AutomaticReplySent } from '@relais/proto/mail/v1/events.ts'
import { temporaryFolder, waitUntil } from '@relais/testing'
import { type Harness, MIKE, startMail, TENANT } from './harness.ts'

const CHILD = fileURLToPath(new URL('./automatic-replies-kill.fixture.ts', import.meta.url))
const ROUNDS = 4
const LIMITS = { automaticRepliesPerHour: 1_000_000 }

/** Delivers and is killed after a while; answers with the numbers that were acknowledged, and from which one nothing was begun. */
const workAndKill = async (folder: string, first: number) => {
  // However slow the machine is, something is acknowledged in the first round.
  const from = first === 0 ? 'delivered' : 'ready'
  let isToBeKilled = false
  const child = spawn(process.execPath, [CHILD, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, n] = line.split(' ')
    if (word === 'delivered') acknowledged.push(Number(n))
    if (word !== from || isToBeKilled) continue
    isToBeKilled = true
    void delay(200 + Math.random() * 500).then(() => child.kill('SIGKILL'))
  }
  await gone
  return { acknowledged, next: Math.max(first, ...acknowledged) + 100 }
}

const answered = async ({ log }: Harness): Promise<string[]> => {
  const senders: string[] = []
  for await (const commits of log.read({ tenant: TENANT, account: MIKE, service: 'mail' }, 0))
    for (const { events } of commits)
      for (const { type, payload } of events)
        if (type === 'AutomaticReplySent') senders.push(AutomaticReplySent.decode(payload).sender)
  return senders
}

test('killed again and again, every sender that was acknowledged is answered, and nobody twice', async (t) => {
  const folder = await temporaryFolder(t)
  const expected: string[] = []
  let first = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { acknowledged, next } = await workAndKill(folder, first)
    expected.push(...acknowledged.map((n) => `sender${n}@x.example`))
    first = next
  }
  assert.ok(expected.length > 0)
  const mail = await startMail(t, { folder, limits: LIMITS })
  await waitUntil(
    async () => {
      const senders = new Set(await answered(mail))
      return expected.every((sender) => senders.has(sender))
    },
    { within: 30_000, what: 'the answers' },
  )
  const senders = await answered(mail)
  assert.equal(new Set(senders).size, senders.length)
  t.diagnostic(`${expected.length} senders acknowledged, ${senders.length} answered`)
})
