import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { DeepPartial, DeliverRequest } from '@relais/proto/mail/v1/mail.ts'
import { bytesOf, deliver, importMessages, plain, readPart } from './calls.ts'
import { ANNA, asOwner, asTransport, MIKE, startMail, TENANT } from './harness.ts'
import { actingAs, onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const inboxOf = async ({ client }: Pick<Suite, 'client'>, account: string, minPosition = 0) => {
  const request = { tenant: TENANT, account, mailbox: 'inbox', minPosition, pageSize: 1000 }
  return (await client.listMessages(request, { identity: asOwner(account) })).messages
}

const subjectsIn = async (suite: Pick<Suite, 'client'>, account: string, minPosition = 0) =>
  (await inboxOf(suite, account, minPosition)).map(({ envelope }) => envelope!.subject)

onBothTransports((suite) => {
  test('a message is in the inbox of each recipient, byte for byte, and one blob serves all', async () => {
    const message = plain('to both')
    const results = await deliver(suite.client, message, { to: [MIKE, ANNA] })
    assert.deepEqual(
      results.map(({ account, code }) => [account, code]),
      [
        [MIKE, ''],
        [ANNA, ''],
      ],
    )
    const blob = createHash('sha256').update(bytesOf(message)).digest('hex')
    for (const [n, account] of [MIKE, ANNA].entries()) {
      const [found] = await inboxOf(suite, account, results[n]!.position)
      assert.equal(found!.blob, blob)
      assert.deepEqual([found!.state?.seen, found!.size], [false, bytesOf(message).length])
      const raw = await readPart(suite.client, { placement: found!.placement }, asOwner(account))
      assert.deepEqual(raw.bytes, Buffer.from(bytesOf(message)))
    }
  })

  test('a repeated delivery is one, for each recipient', async () => {
    const header = { commandId: 'deliver-once' }
    const first = await deliver(suite.client, plain('once'), { to: [MIKE], header })
    const second = await deliver(suite.client, plain('once'), { to: [MIKE, ANNA, ANNA], header })
    assert.equal(second[0]!.position, first[0]!.position)
    assert.equal(second[1]!.position, second[2]!.position)
    for (const account of [MIKE, ANNA]) {
      const subjects = await subjectsIn(suite, account, second[1]!.position)
      assert.equal(subjects.filter((subject) => subject === 'once').length, 1)
    }
  })

  test('each recipient has a result of its own', async () => {
    const { directory } = suite.mail
    directory.set({ tenant: TENANT, account: 'u_small', address: 'small@ox.io', quotaBytes: 100 })
    directory.set({ tenant: TENANT, account: 'u_off', address: 'off@ox.io', state: 'suspended' })
    directory.set({ tenant: TENANT, account: 'u_locked', address: 'locked@ox.io', state: 'locked' })
    const to = [MIKE, 'u_small', 'u_none', 'u_off', 'u_locked']
    const results = await deliver(suite.client, plain('mixed'), { to })
    assert.deepEqual(
      results.map(({ account, code, retryable }) => [account, code, retryable]),
      [
        [MIKE, '', false],
        ['u_small', 'QUOTA_EXCEEDED', false],
        ['u_none', 'ACCOUNT_NOT_FOUND', false],
        ['u_off', 'ACCOUNT_SUSPENDED', false],
        ['u_locked', '', false],
      ],
    )
    assert.ok(
      results.every(
        ({ code, position, reason }) => (code === '') === position > 0 && (code === '') === (reason === ''),
      ),
    )
  })

  test('the envelope, the time of receipt and the mailbox are those of the header', async () => {
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Lists' })
    const recipients = [
      { account: MIKE, envelopeRecipient: 'mike@ox.io', mailbox },
      { account: ANNA, envelopeRecipient: 'anna@ox.io', mailbox: 'junk' },
    ]
    const receivedAt = Date.UTC(2024, 1, 29, 12)
    const results = await deliver(suite.client, plain('sorted'), { header: { recipients, receivedAt } })
    const { messages } = await suite.client.listMessages({
      ...mike,
      mailbox,
      minPosition: results[1]!.position,
    })
    assert.equal(messages[0]!.receivedAt, receivedAt)
    const anna = { tenant: TENANT, account: ANNA, mailbox: 'junk' }
    const { messages: junk } = await suite.client.listMessages(anna, { identity: asOwner(ANNA) })
    assert.equal(junk[0]!.envelope?.subject, 'sorted')
  })

  test('what should go into a mailbox that is not there is in the inbox', async () => {
    const recipients = [{ account: MIKE, envelopeRecipient: 'mike@ox.io', mailbox: 'm999' }]
    const [result] = await deliver(suite.client, plain('nowhere'), { header: { recipients } })
    assert.ok((await subjectsIn(suite, MIKE, result!.position)).includes('nowhere'))
  })

  test('only services deliver', async () => {
    for (const identity of [asOwner(), asTransport('other'), { ...asOwner(), tenant: '' }]) {
      await assert.rejects(deliver(suite.client, plain('x'), { identity }), { code: 'PERMISSION_DENIED' })
    }
  })

  test('a stream that is no delivery is refused', async () => {
    const client = actingAs(suite.client, asTransport())
    const header = { tenant: TENANT, commandId: 'c', recipients: [{ account: MIKE }] }
    const part = (value: object) =>
      ({ part: { $case: 'header', value: { ...header, ...value } } }) as DeepPartial<DeliverRequest>
    const chunk: DeepPartial<DeliverRequest> = { part: { $case: 'chunk', value: Buffer.from('x') } }
    async function* of(...parts: DeepPartial<DeliverRequest>[]) {
      yield* parts
    }
    const refused = { code: 'INVALID_ARGUMENT' }
    await assert.rejects(client.deliver(of()), refused)
    await assert.rejects(client.deliver(of(chunk)), refused)
    await assert.rejects(client.deliver(of(part({}), part({}))), refused)
    await assert.rejects(client.deliver(of(part({ commandId: '' }), chunk)), refused)
    await assert.rejects(client.deliver(of(part({ recipients: [] }), chunk)), refused)
    const many = Array.from({ length: 1001 }, () => ({ account: MIKE }))
    await assert.rejects(client.deliver(of(part({ recipients: many }), chunk)), refused)
    await assert.rejects(client.deliver(of(part({ receivedAt: 1e15 }), chunk)), refused)
    await assert.rejects(client.deliver(of(part({}))), { code: 'MESSAGE_EMPTY' })
  })

  test('bytes that are no message at all are delivered all the same', async () => {
    for (const bytes of [
      Buffer.alloc(1),
      Buffer.from('\r\n'),
      Buffer.alloc(5000, 0xff),
      Buffer.from('no colon anywhere'),
    ]) {
      const [result] = await deliver(suite.client, bytes, { to: [ANNA] })
      assert.equal(result!.code, '')
      const [newest] = await inboxOf(suite, ANNA, result!.position)
      assert.deepEqual(
        (await readPart(suite.client, { placement: newest!.placement }, asOwner(ANNA))).bytes,
        Buffer.from(bytes),
      )
    }
  })
})

describe('quotas', () => {
  const quota = async (t: Parameters<typeof startMail>[0], quotaBytes: number) => {
    const suite = await startMail(t)
    suite.directory.set({ ...mike, address: 'mike@ox.io', quotaBytes })
    return suite
  }
  const sized = (n: number, bytes: number) => Buffer.from(`Subject: ${n}\r\n\r\n`.padEnd(bytes, 'x'))

  test('hold at delivery, and what is deleted for good makes room', async (t) => {
    const suite = await quota(t, 1000)
    const result = async (n: number) => (await deliver(suite.client, sized(n, 400)))[0]!
    assert.equal((await result(1)).code, '')
    const second = await result(2)
    assert.equal(second.code, '')
    await suite.client.listMailboxes({ ...mike, minPosition: second.position })
    assert.equal((await result(3)).code, 'QUOTA_EXCEEDED')
    assert.deepEqual(await suite.client.getUsage(mike), { usedBytes: 800, quotaBytes: 1000, messages: 2 })
    await suite.client.emptyMailbox({ ...mike, mailbox: 'inbox' })
    assert.equal((await result(3)).code, '')
  })

  test('hold for deliveries that come at the same time', async (t) => {
    const suite = await quota(t, 1000)
    const all = Array.from({ length: 20 }, (_, n) => deliver(suite.client, sized(n, 150)))
    const results = (await Promise.all(all)).flat()
    const taken = results.filter(({ code }) => code === '')
    assert.equal(taken.length, 6)
    await suite.client.listMailboxes({
      ...mike,
      minPosition: Math.max(...taken.map(({ position }) => position)),
    })
    assert.equal((await suite.client.getUsage(mike)).usedBytes, 900)
  })

  test('hold at import and copy too', async (t) => {
    const suite = await quota(t, 1000)
    const imported = await importMessages(
      suite.client,
      [sized(1, 600), sized(2, 600), sized(3, 300)].map((message) => ({ message })),
    )
    assert.deepEqual([imported.imported, imported.refused], [2, 1])
    assert.deepEqual(
      imported.refusals.map(({ index, code }) => [index, code]),
      [[1, 'QUOTA_EXCEEDED']],
    )
    const [message] = (await suite.client.listMessages({ ...mike, mailbox: 'inbox' })).messages
    await assert.rejects(
      suite.client.copyMessages({ ...mike, placements: [message!.placement], to: 'archive' }),
      {
        code: 'QUOTA_EXCEEDED',
      },
    )
  })

  test('refuse no repeat of what was delivered', async (t) => {
    const suite = await quota(t, 1000)
    const header = { commandId: 'full' }
    const [first] = await deliver(suite.client, sized(1, 800), { header })
    await suite.client.listMailboxes({ ...mike, minPosition: first!.position })
    const [again] = await deliver(suite.client, sized(1, 800), { header })
    assert.deepEqual([again!.code, again!.position], ['', first!.position])
  })

  test('are passed by one message at most, also by the same bytes sent again and again', async (t) => {
    const suite = await quota(t, 1000)
    const codes: string[] = []
    for (let n = 0; n < 4; n++) {
      const [{ code, position } = { code: '', position: 0 }] = await deliver(suite.client, sized(1, 800))
      codes.push(code)
      await suite.client.listMailboxes({ ...mike, minPosition: position })
    }
    assert.deepEqual(codes, ['', '', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED'])
  })

  test('follow the directory at once', async (t) => {
    const suite = await quota(t, 100)
    const sizes = () => deliver(suite.client, sized(1, 200))
    assert.equal((await sizes())[0]!.code, 'QUOTA_EXCEEDED')
    suite.directory.set({ ...mike, address: 'mike@ox.io', quotaBytes: 0 })
    await suite.log.append({
      ...{ stream: { ...mike, service: 'directory' }, commandId: 'change', principal: '', at: 1 },
      ...{ events: [{ type: 'AccountChanged', version: 1, payload: new Uint8Array(0) }] },
      actor: { kind: 'operator', id: '', device: '' },
    })
    assert.equal((await sizes())[0]!.code, '')
  })
})

describe('large messages', () => {
  test('one over the limit is refused, and nothing of it stays', async (t) => {
    const suite = await startMail(t, { limits: { messageBytes: 100_000 } })
    await assert.rejects(deliver(suite.client, Buffer.alloc(100_001, 'x')), { code: 'MESSAGE_TOO_LARGE' })
    assert.equal((await deliver(suite.client, Buffer.alloc(100_000, 'x')))[0]!.code, '')
    assert.equal((await suite.client.getUsage(mike)).messages <= 1, true)
  })

  test('one of 50 MB is received and read in memory that does not grow with it', async (t) => {
    const suite = await startMail(t)
    const size = 50 * 1024 * 1024
    const header = Buffer.from('Subject: large\r\nContent-Type: application/x-tar\r\n\r\n')
    const chunk = Buffer.alloc(64 * 1024, 'x')
    async function* requests(): AsyncGenerator<DeepPartial<DeliverRequest>, void> {
      const recipients = [{ account: MIKE, envelopeRecipient: 'mike@ox.io' }]
      yield { part: { $case: 'header', value: { tenant: TENANT, recipients, commandId: 'large' } } }
      yield { part: { $case: 'chunk', value: header } }
      for (let sent = 0; sent < size; sent += chunk.length) yield { part: { $case: 'chunk', value: chunk } }
    }
    const watch = watchMemory()
    const { results } = await suite.client.deliver(requests(), { identity: asTransport(), timeoutMs: 60_000 })
    const [message] = await inboxOf(suite, MIKE, results[0]!.position)
    assert.equal(message!.size, header.length + size)
    let read = 0
    const stream = suite.client.readPart(
      { ...mike, placement: message!.placement, part: '1' },
      { timeoutMs: 60_000 },
    )
    for await (const { part } of stream) if (part?.$case === 'chunk') read += part.value.length
    assert.equal(read, size)
    const grown = watch.end()
    assert.ok(grown < size / 2, `${grown} bytes`)
  })
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** By how much memory in use grew at most: garbage isn't in use. */
const watchMemory = () => {
  const used = () => {
    collectGarbage()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  const before = used()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, used())
  }, 300)
  return {
    end: () => {
      clearInterval(timer)
      return most - before
    },
  }
}
