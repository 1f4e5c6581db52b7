import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit/call.ts'
import { isCoded } from '@relais/service-kit/errors.ts'
import fc from 'fast-check'
import { deliver, importMessages, plain, readPart, submit } from './calls.ts'
import { asOwner, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

type Client = MailClient<CallExtras>

const mike = { tenant: TENANT, account: MIKE }

/** Ids as nobody should send them. */
const BAD_IDS = ['', 'x'.repeat(257), 'a\0b', 'a\nb', '\u0085']

const drain = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream);
}

/** Every call that names an account, with a bad one. */
const withAccount = (
  client: Client,
  key: { tenant: string; account: string },
): readonly (() => Promise<unknown>)[] => [
  () => client.listMailboxes(key),
  () => client.createMailbox({ ...key, name: 'x' }),
  () => client.updateMailbox({ ...key, mailbox: 'm1', name: 'x' }),
  () => client.deleteMailbox({ ...key, mailbox: 'm1' }),
  () => client.emptyMailbox({ ...key, mailbox: 'trash' }),
  () => client.getHeads({ accounts: [key] }),
  () => client.getUsage(key),
  () => client.listMessages({ ...key, mailbox: 'inbox' }),
  () => client.getMessages({ ...key, placements: [1] }),
  () => client.updateMessages({ ...key, placements: [1], seen: true }),
  () => client.copyMessages({ ...key, placements: [1], to: 'inbox' }),
  () => client.deleteMessages({ ...key, placements: [1] }),
  () => client.searchMessages({ ...key, query: 'x' }),
  () => drain(client.readPart({ ...key, placement: 1 })),
  () => drain(client.export(key)),
  () => importMessages(client, [{ message: plain('x'), header: key }]),
  () => submit(client, plain('x'), key),
]

/** Every call with one argument that can't be. */
const withArgument = (client: Client): readonly [string, () => Promise<unknown>][] => [
  ['a mailbox that is no id', () => client.listMessages({ ...mike, mailbox: 'a\0b' })],
  ['an endless mailbox id', () => client.deleteMailbox({ ...mike, mailbox: 'x'.repeat(1000) })],
  ['a target that is no id', () => client.copyMessages({ ...mike, placements: [1], to: '' })],
  ['a placement that is nothing', () => client.getMessages({ ...mike, placements: [0] })],
  [
    'too many placements',
    () => client.getMessages({ ...mike, placements: Array.from({ length: 1001 }, (_, n) => n + 1) }),
  ],
  [
    'far too many placements',
    () => client.updateMessages({ ...mike, placements: Array(100_001).fill(1), seen: true }),
  ],
  [
    'a page token of our own making',
    () => client.listMessages({ ...mike, mailbox: 'inbox', pageToken: "0.1' OR 1=1" }),
  ],
  ['an endless query', () => client.searchMessages({ ...mike, query: 'x'.repeat(5000) })],
  ['a time beyond the calendar', () => client.searchMessages({ ...mike, query: 'x', receivedAfter: 1e15 })],
  [
    'a mailbox of a search that is no id',
    () => client.searchMessages({ ...mike, query: 'x', mailboxes: ['\0'] }),
  ],
  ['too many accounts', () => client.getHeads({ accounts: Array(10_001).fill(mike) })],
  [
    'an endless command id',
    () => client.createMailbox({ ...mike, name: 'x', commandId: 'x'.repeat(70_000) }),
  ],
  ['a command id with a line break', () => client.createMailbox({ ...mike, name: 'x', commandId: 'a\nb' })],
  [
    'an endless envelope sender',
    () => importMessages(client, [{ message: plain('x'), header: { envelopeSender: 'x'.repeat(2000) } }]),
  ],
  [
    'a time of receipt beyond the calendar',
    () => importMessages(client, [{ message: plain('x'), header: { receivedAt: 1e15 } }]),
  ],
  ['a submission without an id', () => submit(client, plain('x'), { commandId: '' })],
  [
    'a source that is neither answered nor forwarded',
    () => submit(client, 'From: mike@ox.io\nTo: a@x\n\nx', { source: { placement: 8192, verb: 'redirect' } }),
  ],
  [
    'a delivery from a sender of no end',
    () => deliver(client, plain('x'), { header: { envelopeSender: 'x'.repeat(2000) } }),
  ],
  [
    'a delivery to an address with a line break',
    () =>
      deliver(client, plain('x'), {
        header: { recipients: [{ account: MIKE, envelopeRecipient: 'a\r\nRCPT' }] },
      }),
  ],
]

const photograph = async ({ mail, client }: Suite) => ({
  head: await mail.log.head({ ...mike, service: 'mail' }),
  mailboxes: (await client.listMailboxes(mike)).mailboxes,
})

onBothTransports((suite) => {
  test('a call for a tenant or an account that is no id is refused', async () => {
    await suite.client.listMailboxes(mike)
    for (const bad of BAD_IDS) {
      const calls = [
        ...withAccount(suite.client, { ...mike, tenant: bad }),
        ...withAccount(suite.client, { ...mike, account: bad }),
      ]
      for (const call of calls) await assert.rejects(call, { code: 'INVALID_ARGUMENT' }, call.toString())
    }
  })

  test('an argument that cannot be is refused, and nothing has changed', async () => {
    const before = await photograph(suite)
    for (const [what, call] of withArgument(suite.client)) {
      await assert.rejects(call, { code: 'INVALID_ARGUMENT', retryable: false }, what)
    }
    assert.deepEqual(await photograph(suite), before)
  })

  test('a command id of any length up to the bound is taken, and told apart to its end', async () => {
    const long = 'bounce:'.padEnd(5000, 'someone@x.example,')
    const create = (end: string, name: string) =>
      suite.client.createMailbox({ ...mike, name, commandId: long + end })
    const first = await create('a', 'First')
    assert.deepEqual(await create('a', 'First'), first)
    assert.notDeepEqual(await create('b', 'Second'), first)
    const results = await Promise.all(
      ['a', 'a', 'b'].map((end) =>
        deliver(suite.client, plain('long'), { header: { commandId: long + end } }),
      ),
    )
    assert.equal(new Set(results.flat().map(({ position }) => position)).size, 2)
  })

  test('ranges that are none give nothing or are refused', async () => {
    const [result] = await deliver(suite.client, plain('ranges'))
    await suite.client.listMailboxes({ ...mike, minPosition: result!.position })
    const placement = result!.position * 8192
    assert.equal((await readPart(suite.client, { placement, offset: 2 ** 52 })).bytes.length, 0)
    assert.equal(
      (await readPart(suite.client, { placement, offset: 3, length: 2 ** 52 })).bytes.length > 0,
      true,
    )
  })
})

describe('whatever bytes are delivered', () => {
  test('are listed, rendered and read without an error', async (t) => {
    const { client } = await startMail(t)
    const line = fc.oneof(
      fc.constantFrom(
        'Content-Type: multipart/mixed; boundary=b',
        '--b',
        '--b--',
        'Content-Transfer-Encoding: base64',
        '',
        'Content-Type: text/html; charset=x',
      ),
      fc.constantFrom(
        'Content-Type: message/rfc822',
        'Subject: =?utf-8?q?=ff?=',
        'From: "',
        'To: <',
        'Content-Transfer-Encoding: quoted-printable',
        '=\u00ff',
      ),
      fc.string({ unit: 'binary', maxLength: 60 }),
    )
    const message = fc.oneof(
      fc.array(line, { maxLength: 40 }).map((lines) => Buffer.from(`${lines.join('\r\n')}\n`, 'latin1')),
      fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    )
    const options = (type: string) => ({
      withBody: true,
      mimeSupport: 2,
      bodies: [{ type, truncation: 500 }],
    })
    await fc.assert(
      fc.asyncProperty(message, async (bytes) => {
        const [result] = await deliver(client, bytes)
        assert.equal(result!.code, '')
        const placements = [result!.position * 8192]
        for (const type of ['plain', 'html', 'mime']) {
          const asked = { ...mike, placements, options: options(type), minPosition: result!.position }
          assert.equal((await client.getMessages(asked)).messages.length, 1)
        }
        assert.deepEqual((await readPart(client, { placement: placements[0]! })).bytes, bytes)
      }),
      { numRuns: 60 },
    )
    const { messages } = await client.listMessages({ ...mike, mailbox: 'inbox', pageSize: 1000 })
    assert.equal(messages.length, 60)
  })
})

describe('whatever is submitted', () => {
  const field = fc.constantFrom(
    'From: mike@ox.io',
    'To: a@x.example',
    'Bcc: secret@x.example',
    'bcc:secret@x.example',
    ' folded secret',
    'Subject: x',
    'Message-ID: <m@x>',
    'From: mike@ox.io, mike@ox.io',
    'Resent-Bcc: secret@x.example',
    'Date: x',
  )

  test('is refused with a code or sent without what is hidden', async (t) => {
    const suite = await startMail(t)
    suite.directory.setting('mail.sendRate', '0')
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 8 }), async (fields) => {
        const message = `${fields.join('\r\n')}\r\n\r\nbody`
        const { position } = await submit(suite.client, message).catch((error: unknown) => {
          assert.ok(isCoded(error) && !error.retryable, String(error))
          return { position: 0 }
        })
        if (position === 0) return
        for await (const [commit] of suite.log.read({ ...mike, service: 'mail' }, position - 1, {
          batch: 1,
        })) {
          const submitted = commit!.events.find(({ type }) => type === 'MessageSubmitted')!
          const { blob } = MessageSubmitted.decode(submitted.payload)
          const sent = Buffer.from(await suite.blobs.get(TENANT, blob)).toString()
          const header = sent.slice(0, sent.indexOf('\r\n\r\n'))
          assert.doesNotMatch(header, /^(?:resent-)?bcc/im)
          assert.match(header, /^message-id: <.+>/im)
          break
        }
      }),
      { numRuns: 60 },
    )
  })

  test('comes from the account whose call it is, whatever it says', async (t) => {
    const { client } = await startMail(t)
    for (const from of [
      'anna@ox.io',
      'mike@ox.io <anna@ox.io>',
      '"mike@ox.io" <anna@ox.io>',
      'anna@ox.io (mike@ox.io)',
    ]) {
      const message = `From: ${from}\nTo: a@x.example\n\nx`
      await assert.rejects(submit(client, message, {}, asOwner()), { code: 'SENDER_NOT_ALLOWED' })
    }
  })
})
