import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { openSqliteProjector, openSqliteStore } from '@relais/read-store'
import { createLocalClient, createLogger } from '@relais/service-kit'
import type { TestScope } from '@relais/testing'
import { createMail } from '../src/service.ts'
import { deliver, importMessages, plain } from './calls.ts'
import { asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

const mike = { tenant: TENANT, account: MIKE }

/** A second service on the same log and blobs, with rows of its own: it knows nothing of what the first one has in memory. */
const secondPod = async (scope: TestScope, { log, blobs, folder, directory }: Harness) => {
  let count = 0
  const rows = join(folder, 'rows-of-the-second')
  const mail = createMail({
    ...{ log, blobs, directory: directory.client, clock: Date.now, ids: () => `second-${count++}` },
    openProjector: (model) => openSqliteProjector({ log, model, folder: rows }),
    openStore: ({ name, ...store }) => openSqliteStore({ ...store, file: join(rows, `${name}.sqlite`) }),
    logger: createLogger({ name: 'second', level: 'silent' }),
  })
  await mail.start()
  scope.after(() => mail.stop())
  return createLocalClient(MailDefinition, mail.handlers, { identity: asOwner(), timeoutMs: 60_000 })
}

/** The first service stops after the second one. */
const twoPods = async (t: TestScope) => {
  const closing: (() => void | Promise<void>)[] = []
  t.after(async () => {
    for (const close of closing) await close()
  })
  const later: (() => void | Promise<void>)[] = []
  const first = await startMail({ after: (close) => void later.push(close) })
  const second = await secondPod({ after: (close) => void closing.push(close) }, first)
  closing.push(...later)
  return { first, clients: [first.client, second] as const }
}

describe('two pods that serve one account at the same time', () => {
  test('decide again where the other came first: names stay unique, and all mailboxes are there', async (t) => {
    const { clients } = await twoPods(t)
    await clients[0].listMailboxes(mike)
    const made = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) =>
        clients[n % 2]!.createMailbox({ ...mike, name: `Box ${Math.floor(n / 2)}` }),
      ),
    )
    const positions = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value.position] : []))
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    for (const code of refused) assert.ok(['MAILBOX_NAME_TAKEN', 'CONFLICT'].includes(code), code)
    for (const client of clients) {
      const { mailboxes } = await client.listMailboxes({ ...mike, minPosition: Math.max(...positions) })
      const own = mailboxes.filter(({ role }) => role === '').map(({ name }) => name)
      assert.equal(new Set(own).size, own.length)
      assert.equal(own.length, positions.length)
    }
  })

  test('make the default mailboxes once', async (t) => {
    const { first, clients } = await twoPods(t)
    await Promise.all(clients.map((client) => client.listMailboxes(mike)))
    assert.equal(await first.log.head({ ...mike, service: 'mail' }), 1)
  })

  test('move a message once, and lose none', async (t) => {
    const { clients } = await twoPods(t)
    await importMessages(
      clients[0],
      Array.from({ length: 10 }, (_, n) => ({ message: plain(`${n}`) })),
    )
    const { messages, position } = await clients[0].listMessages({ ...mike, mailbox: 'inbox' })
    await clients[1].listMailboxes({ ...mike, minPosition: position })
    const targets = ['archive', 'trash']
    const moves = messages.flatMap(({ placement }) =>
      clients.map((client, n) =>
        client.moveMessages({
          ...mike,
          device: `d${n}`,
          moves: [{ placement, from: 'inbox', to: targets[n]! }],
        }),
      ),
    )
    const answers = await Promise.all(moves)
    const moved = answers.flatMap(({ results }) => results).filter(({ outcome }) => outcome === 'moved')
    assert.equal(moved.length, 10)
    const minPosition = Math.max(...answers.map((answer) => answer.position))
    for (const client of clients) {
      const { mailboxes } = await client.listMailboxes({ ...mike, minPosition })
      const total = mailboxes.reduce((sum, mailbox) => sum + mailbox.total, 0)
      assert.equal(total, 10)
      assert.equal(mailboxes.find(({ mailbox }) => mailbox === 'inbox')?.total, 0)
    }
  })

  test('take the same delivery once', async (t) => {
    const { clients } = await twoPods(t)
    const header = { commandId: 'once' }
    const results = await Promise.all(clients.map((client) => deliver(client, plain('once'), { header })))
    assert.equal(new Set(results.flat().map(({ position }) => position)).size, 1)
  })
})
