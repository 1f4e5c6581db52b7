import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { Flag, MessageState } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { bytesOf, exportAll, importMessages, plain } from './calls.ts'
import { ANNA, asOwner, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }
const anna = { tenant: TENANT, account: ANNA }

const OPERATOR = { tenant: '', actor: { kind: 'operator', id: 'root', device: '' }, principal: '' }

onBothTransports((suite) => {
  test('messages go to the mailbox at their path, which is made where it is missing', async () => {
    const { client } = suite
    const imported = await importMessages(client, [
      { message: plain('inbox') },
      { message: plain('sent'), header: { path: ['Sent'] } },
      { message: plain('deep'), header: { path: ['Work', 'Clients', 'Ox & Co'] } },
      { message: plain('again'), header: { path: ['WORK', 'clients'] } },
    ])
    assert.deepEqual([imported.imported, imported.refused, imported.refusals], [4, 0, []])
    const { mailboxes } = await client.listMailboxes(mike)
    const totals = mailboxes.filter(({ total }) => total > 0).map(({ name, total }) => [name, total])
    assert.deepEqual(totals.sort(), [
      ['Clients', 1],
      ['Inbox', 1],
      ['Ox & Co', 1],
      ['Sent', 1],
    ])
  })

  test('bytes, state, time of receipt and place come back from an export', async () => {
    const { client } = suite
    const state = MessageState.fromPartial({
      ...{ seen: true, draft: true, categories: ['Red'], keywords: ['$Label1'], lastVerb: 2, lastVerbAt: 5 },
      flag: Flag.create({ status: 'active', dueDate: 1_764_000_000_000 }),
    })
    const receivedAt = Date.UTC(2020, 1, 1)
    const header = { ...anna, path: ['Old mail'], state, receivedAt, envelopeSender: 'someone@x.example' }
    await importMessages(client, [{ message: plain('kept'), header }], asOwner(ANNA))
    const stream = client.export(anna, { identity: asOwner(ANNA) })
    for await (const { part } of stream) {
      if (part?.$case !== 'header') continue
      assert.deepEqual(part.value, {
        ...{
          path: ['Old mail'],
          state,
          receivedAt,
          size: part.value.size,
          envelopeSender: 'someone@x.example',
        },
      })
    }
    const [message] = await exportAll(client, asOwner(ANNA))
    assert.match(
      message!.bytes.toString(),
      /^From: Anna <anna@ox\.io>\r\nTo: mike@ox\.io\r\nSubject: kept\r\n/,
    )
  })

  test('the time of receipt is that of the newest Received field, else of Date, else now', async () => {
    const { client } = suite
    const received = 'Received: from a by b; Fri, 1 Mar 2024 12:00:00 +0000\n'
    const date = 'Date: Sat, 2 Mar 2024 12:00:00 +0000\n'
    const messages = [`${received}${date}Subject: r\n\nx`, `${date}Subject: d\n\nx`, 'Subject: n\n\nx']
    await importMessages(
      client,
      messages.map((message) => ({ message, header: { path: ['Times'] } })),
    )
    const { mailbox } = (await client.listMailboxes(mike)).mailboxes.find(({ name }) => name === 'Times')!
    const found = (await client.listMessages({ ...mike, mailbox })).messages
    const at = (subject: string) => found.find(({ envelope }) => envelope?.subject === subject)!.receivedAt
    assert.equal(at('r'), Date.UTC(2024, 2, 1, 12))
    assert.equal(at('d'), Date.UTC(2024, 2, 2, 12))
    assert.ok(Date.now() - at('n') < 60_000)
  })

  test('a message that is refused is named and does not stop the others', async () => {
    const { client } = suite
    const imported = await importMessages(client, [
      { message: plain('a'), header: { path: ['Refusals'] } },
      { message: plain('b'), header: { path: ['bad\0name'] } },
      { message: '', header: { path: ['Refusals'] } },
      { message: plain('c'), header: { mailbox: 'm999' } },
      { message: plain('d'), header: { path: ['Refusals'], state: { categories: ['x'.repeat(300)] } } },
      { message: plain('e'), header: { path: ['Refusals'] } },
    ])
    assert.deepEqual([imported.imported, imported.refused], [2, 4])
    assert.deepEqual(
      imported.refusals.map(({ index, code }) => [index, code]),
      [
        [1, 'MAILBOX_NAME_INVALID'],
        [2, 'MESSAGE_EMPTY'],
        [3, 'MAILBOX_NOT_FOUND'],
        [4, 'CATEGORIES_INVALID'],
      ],
    )
  })

  test('a draft is appended to Drafts as one, and the same command id is one message', async () => {
    const { client } = suite
    const header = { mailbox: 'drafts', state: { draft: true, seen: true }, commandId: 'draft-1' }
    const first = await importMessages(client, [{ message: plain('draft'), header }])
    const again = await importMessages(client, [{ message: plain('draft'), header }])
    assert.equal(again.position, first.position)
    const { messages } = await client.listMessages({ ...mike, mailbox: 'drafts' })
    assert.deepEqual(
      messages.map(({ state, envelope }) => [state?.draft, envelope?.subject]),
      [[true, 'draft']],
    )
  })

  test('an operator imports to several accounts in one call; an owner only to the own one', async () => {
    const { client } = suite
    const messages = [
      { message: plain('for mike'), header: mike },
      { message: plain('for anna'), header: anna },
    ]
    assert.equal((await importMessages(client, messages, OPERATOR)).imported, 2)
    await assert.rejects(importMessages(client, messages, asOwner(MIKE)), { code: 'PERMISSION_DENIED' })
  })

  test('a stream that is no import is refused', async () => {
    const { client } = suite
    async function* chunkFirst() {
      yield { part: { $case: 'chunk' as const, value: Buffer.from('x') } }
    }
    async function* nothing() {
      yield {}
    }
    await assert.rejects(client.import(chunkFirst()), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(client.import(nothing()), { code: 'INVALID_ARGUMENT' })
    async function* none() {}
    assert.equal((await client.import(none())).imported, 0)
  })

  test('one mailbox may be exported alone; one that is not there is refused', async () => {
    const { client } = suite
    const paths = new Set<string>()
    for await (const { part } of client.export({ ...mike, mailboxes: ['drafts'] })) {
      if (part?.$case === 'header') paths.add(part.value.path.join('/'))
    }
    assert.deepEqual([...paths], ['Drafts'])
    const missing = async () => {
      for await (const _ of client.export({ ...mike, mailboxes: ['m999'] }));
    }
    await assert.rejects(missing, { code: 'MAILBOX_NOT_FOUND' })
  })
})

describe('an import of many messages', () => {
  test('keeps their order and costs far fewer commits than messages', async (t) => {
    const { client, log } = await startMail(t)
    await client.listMailboxes(mike)
    const before = await log.head({})
    const count = 300
    const messages = Array.from({ length: count }, (_, n) => ({ message: `Subject: ${n}\n\nx` }))
    const { imported } = await importMessages(client, messages)
    assert.equal(imported, count)
    assert.ok((await log.head({})) - before <= Math.ceil(count / 64) + 1)
    const bytes = (await exportAll(client)).map((message) => message.bytes.toString())
    assert.deepEqual(
      bytes,
      messages.map(({ message }) => Buffer.from(bytesOf(message)).toString()),
    )
  })

  test('threads what answers something imported a moment ago', async (t) => {
    const { client } = await startMail(t)
    const message = (id: string, fields: string, subject: string) =>
      `Message-ID: <${id}@t>\n${fields}Subject: ${subject}\n\nx`
    await importMessages(client, [
      { message: message('child', 'References: <unknown@t> <parent@t>\n', 'a') },
      { message: message('grandchild', 'In-Reply-To: <child@t>\n', 'b') },
    ])
    const { messages } = await client.listMessages({ ...mike, mailbox: 'inbox' })
    assert.deepEqual(messages[0]!.conversation, messages[1]!.conversation)
  })

  test('whose caller gives up leaves what was written, and nothing half', async (t) => {
    const { client } = await startMail(t)
    async function* interrupted() {
      for (let n = 0; n < 200; n++) {
        yield { part: { $case: 'header' as const, value: mike } }
        yield { part: { $case: 'chunk' as const, value: Buffer.from(`Subject: ${n}\n\nwhole`) } }
      }
      yield { part: { $case: 'header' as const, value: mike } }
      yield { part: { $case: 'chunk' as const, value: Buffer.from('Subject: half') } }
      throw new Error('the caller is gone')
    }
    await assert.rejects(client.import(interrupted()))
    await importMessages(client, [{ message: plain('after') }])
    const all = (await exportAll(client)).map(({ bytes }) => bytes.toString())
    assert.ok(all.every((message) => message.endsWith('whole') || message.includes('after')))
    const { usedBytes } = await client.getUsage(mike)
    assert.equal(
      usedBytes,
      all.reduce((sum, message) => sum + message.length, 0),
    )
  })
})

test('what is imported is exported byte for byte, whatever bytes it is', async (t) => {
  const { client } = await startMail(t)
  const message = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 2000 }),
    fc.string({ minLength: 1, unit: 'binary' }).map((text) => Buffer.from(`Subject: ${text}\n\n${text}`)),
  )
  let expected: string[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 10 }), async (messages) => {
      await importMessages(
        client,
        messages.map((message) => ({ message })),
      )
      expected = [...expected, ...messages.map(digest)]
    }),
    { numRuns: 20 },
  )
  assert.deepEqual(
    (await exportAll(client)).map(({ bytes }) => digest(bytes)),
    expected,
  )
})

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('a message that cannot be read is left out of an export, which says so at its end', async (t) => {
  const { client, damage } = await startMail(t)
  await importMessages(
    client,
    ['a', 'b', 'c'].map((subject) => ({ message: plain(subject) })),
  )
  const { messages } = await client.listMessages({ ...mike, mailbox: 'inbox' })
  await damage(messages.find(({ envelope }) => envelope?.subject === 'b')!.blob)
  const seen: string[] = []
  const reading = async () => {
    for await (const { part } of client.export(mike)) {
      if (part?.$case === 'chunk') seen.push(/Subject: (.)/.exec(Buffer.from(part.value).toString())![1]!)
    }
  }
  await assert.rejects(reading, { code: 'EXPORT_INCOMPLETE' })
  assert.deepEqual(seen, ['a', 'c'])
})
