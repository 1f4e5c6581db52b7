import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Message } from '@relais/proto/mail/v1/mail.ts'
import { temporaryFolder } from '@relais/testing'
import { deliver, importMessages } from './calls.ts'
import { type Harness, MIKE, startMail, TENANT } from './harness.ts'

const CHILD = fileURLToPath(new URL('./kill.fixture.ts', import.meta.url))

const mike = { tenant: TENANT, account: MIKE }

/** Number of a message → position at which it was acknowledged. */
type Acknowledged = Map<number, number>

/** Kills a mail service in the middle of its work, again and again, and looks at what is left each time. */
export const killRounds = async (t: TestContext, rounds: number): Promise<void> => {
  const folder = await temporaryFolder(t)
  const acknowledged: Acknowledged = new Map()
  let next = 0
  for (let round = 0; round < rounds; round++) {
    next = await workAndKill(folder, { first: next, acknowledged, afterMs: 100 + Math.random() * 900 })
    await examine(t, folder, acknowledged)
  }
}

type Working = { readonly first: number; readonly acknowledged: Acknowledged; readonly afterMs: number }

/** Answers with the number from which on nothing was begun. */
const workAndKill = async (folder: string, { first, acknowledged, afterMs }: Working): Promise<number> => {
  const child = spawn(process.execPath, [CHILD, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  let last = first
  for await (const line of createInterface({ input: child.stdout! })) {
    const [word, n, position] = line.split(' ')
    if (word === 'ready') void killAfter(child, afterMs)
    if (word !== 'stored') continue
    acknowledged.set(Number(n), Number(position))
    last = Math.max(last, Number(n))
  }
  const [, signal] = await gone
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  return last + 100
}

const killAfter = async (child: ChildProcess, ms: number) => {
  await delay(ms)
  child.kill('SIGKILL')
}

const examine = async (t: TestContext, folder: string, acknowledged: Acknowledged): Promise<void> => {
  const suite = await startMail({ after: () => {} }, { folder })
  try {
    const messages = await allOf(suite, 'inbox')
    const byNumber = Map.groupBy(messages, ({ envelope }) => Number(envelope!.subject))
    for (const [n, position] of acknowledged) {
      assert.equal(
        byNumber.get(n)?.[0]?.placement,
        position * 8192,
        `message ${n} is where it was acknowledged`,
      )
    }
    assert.ok(
      [...byNumber.values()].every(({ length }) => length === 1),
      'nothing is there twice',
    )
    for (const { blob, size } of messages) assert.equal((await suite.blobs.stat(TENANT, blob))?.size, size)
    await repeat(suite, acknowledged)
    const rows = await suite.rows()
    await suite.mail.rebuild()
    assert.deepEqual(await suite.rows(), rows)
    t.diagnostic(`${messages.length} messages, ${acknowledged.size} acknowledged`)
  } finally {
    await suite.stop()
  }
}

const allOf = async ({ client, log }: Harness, mailbox: string): Promise<Message[]> => {
  const found: Message[] = []
  const minPosition = await log.head({ ...mike, service: 'mail' })
  for (let pageToken = ''; ; ) {
    const page = await client.listMessages({ ...mike, mailbox, pageSize: 1000, pageToken, minPosition })
    found.push(...page.messages)
    pageToken = page.nextPageToken
    if (pageToken === '') return found
  }
}

/** What a caller does that had no answer: the same again. */
const repeat = async ({ client }: Harness, acknowledged: Acknowledged) => {
  for (const [n, position] of [...acknowledged].slice(-5)) {
    const message = `Subject: ${n}\nMessage-ID: <${n}@kill>\n\n${'x'.repeat(n % 5000)}\n`
    if (n % 3 === 0) {
      const again = await importMessages(client, [{ message, header: { commandId: `i${n}` } }])
      assert.equal(again.position, position)
    } else {
      const [again] = await deliver(client, message, { header: { commandId: `d${n}` } })
      assert.equal(again!.position, position)
    }
  }
}
