import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Message } from '@relais/proto/mail/v1/mail.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import { deliver, importMessages, plain, submit } from './calls.ts'
import { asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

const mike = { tenant: TENANT, account: MIKE }

/** Numbers that look random and are the same in every run. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state % below
  }
}

const everything = async ({ client, log }: Harness): Promise<Message[]> => {
  const minPosition = await log.head({ ...mike, service: 'mail' })
  const { mailboxes } = await client.listMailboxes({ ...mike, minPosition })
  const all: Message[] = []
  for (const { mailbox, total, unseen } of mailboxes) {
    const { messages } = await client.listMessages({ ...mike, mailbox, pageSize: 1000 })
    assert.deepEqual(
      [total, unseen],
      [messages.length, messages.filter(({ state }) => !state?.seen).length],
      mailbox,
    )
    all.push(...messages)
  }
  return all
}

/** A client that does one thing after the other with whatever it finds. */
const busy = async ({ client }: Harness, seed: number, steps: number): Promise<string[]> => {
  const next = numbers(seed)
  const delivered: string[] = []
  const some = async () => {
    const { messages } = await client.listMessages({ ...mike, mailbox: 'inbox', pageSize: 20 })
    return messages.filter(() => next(3) === 0).map(({ placement }) => placement)
  }
  const acts: (() => Promise<unknown>)[] = [
    async () => {
      const subject = `s${seed}n${delivered.length}`
      const [result] = await deliver(client, plain(subject))
      assert.equal(result!.code, '')
      delivered.push(subject)
    },
    async () => client.updateMessages({ ...mike, placements: await some(), seen: next(2) === 0 }),
    async () => client.deleteMessages({ ...mike, placements: await some(), toTrash: true }),
    async () => {
      const moves = (await some()).map((placement) => ({ placement, from: 'inbox', to: 'archive' }))
      return client.moveMessages({ ...mike, device: `d${seed}`, moves })
    },
    async () => client.createMailbox({ ...mike, name: `b${next(4)}` }),
    async () => {
      const { mailboxes } = await client.listMailboxes(mike)
      const own = mailboxes.filter(({ role }) => role === '')
      if (own.length > 0) await client.deleteMailbox({ ...mike, mailbox: own[next(own.length)]!.mailbox })
    },
    async () => {
      const subject = `s${seed}n${delivered.length}`
      await importMessages(client, [{ message: plain(subject), header: { path: [`b${next(4)}`] } }])
      delivered.push(subject)
    },
  ]
  for (let step = 0; step < steps; step++) {
    await acts[next(acts.length)]!().catch((error: unknown) => {
      if (!isCoded(error)) throw error
    })
  }
  return delivered
}

describe('many clients of one account at the same time', () => {
  test('lose no message, double none, and leave counts and rows as a rebuild makes them', async (t) => {
    const suite = await startMail(t)
    const delivered = (
      await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => busy(suite, seed * 7919, 40)))
    ).flat()
    const subjects = (await everything(suite)).map(({ envelope }) => envelope!.subject)
    assert.deepEqual(subjects.toSorted(), delivered.toSorted())
    const rows = await suite.rows()
    await suite.mail.rebuild()
    assert.deepEqual(await suite.rows(), rows)
  })

  test('see heads that agree with the lists', async (t) => {
    const suite = await startMail(t)
    await Promise.all([1, 2, 3].map((seed) => busy(suite, seed, 15)))
    await everything(suite)
    const { accounts } = await suite.client.getHeads({ accounts: [mike] })
    const { mailboxes } = await suite.client.listMailboxes(mike)
    const heads = accounts[0]!.collections.map(({ collection, head }) => [collection, head]).sort()
    assert.deepEqual(heads, mailboxes.map(({ mailbox, head }) => [mailbox, head]).sort())
  })

  test('send each message once, whoever repeats it', async (t) => {
    const suite = await startMail(t)
    const message = (n: number) => `From: mike@ox.io\nTo: a@x.example\nSubject: ${n}\n\nx`
    const sent = Array.from({ length: 40 }, (_, n) =>
      submit(suite.client, message(n % 10), { commandId: `send-${n % 10}` }),
    )
    const positions = new Set((await Promise.all(sent)).map(({ position }) => position))
    assert.equal(positions.size, 10)
    const { messages } = await suite.client.listMessages({ ...mike, mailbox: 'sent' })
    assert.equal(messages.length, 10)
  })
})

describe('a delivery to hundreds', () => {
  test('is one blob and a commit for each, and one that is refused is nobody elses matter', async (t) => {
    const suite = await startMail(t)
    const to = Array.from({ length: 300 }, (_, n) => `u_${n}`)
    for (const account of to) suite.directory.set({ tenant: TENANT, account, address: `${account}@ox.io` })
    suite.directory.remove(TENANT, 'u_7')
    const results = await deliver(suite.client, plain('to all'), { to })
    assert.deepEqual(
      results.filter(({ code }) => code !== '').map(({ account, code }) => [account, code]),
      [['u_7', 'ACCOUNT_NOT_FOUND']],
    )
    const minPosition = Math.max(...results.map(({ position }) => position))
    const blobs = new Set<string>()
    for (const account of ['u_0', 'u_150', 'u_299']) {
      const inbox = { tenant: TENANT, account, mailbox: 'inbox', minPosition }
      const { messages } = await suite.client.listMessages(inbox, { identity: asOwner(account) })
      assert.equal(messages.length, 1)
      blobs.add(messages[0]!.blob)
    }
    assert.equal(blobs.size, 1)
  })
})
