import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContentOptions, Message } from '@relais/proto/mail/v1/mail.ts'
import { Flag } from '@relais/proto/mail/v1/message.ts'
import { MAX_MESSAGES_PER_COMMIT } from '../src/commands/batches.ts'
import { deliver, importMessages, plain, readPart, type ToImport } from './calls.ts'
import { asOwner, MIKE, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const MULTIPART = `From: Anna <anna@ox.io>
To: mike@ox.io
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <multi@ox.io>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--a
Content-Type: text/html; charset=utf-8

<p>Grüße</p>
--a--
--b
Content-Type: text/plain; name=data.txt
Content-Disposition: attachment; filename=data.txt
Content-Transfer-Encoding: base64

MDEyMzQ1Njc4OWFiY2RlZg==
--b--
`

/** A mailbox of its own for a test, filled with messages; answers with their placements, the first one first. */
const filled = async ({ client }: Suite, name: string, messages: readonly ToImport[]) => {
  const { mailbox } = await client.createMailbox({ ...mike, name })
  for (const { message, header } of messages) {
    await importMessages(client, [{ message, header: { mailbox, ...header } }])
  }
  const { messages: found } = await client.listMessages({ ...mike, mailbox, pageSize: 1000 })
  return { mailbox, placements: found.map(({ placement }) => placement).sort((a, b) => a - b) }
}

const get = async ({ client }: Suite, placements: readonly number[], options?: Partial<ContentOptions>) => {
  const { messages } = await client.getMessages({ ...mike, placements: [...placements], options })
  return messages
}

const one = async (suite: Suite, placement: number, options?: Partial<ContentOptions>): Promise<Message> =>
  (await get(suite, [placement], options))[0]!

const counts = async ({ client }: Suite, mailbox: string) => {
  const { mailboxes } = await client.listMailboxes(mike)
  const found = mailboxes.find((candidate) => candidate.mailbox === mailbox)!
  return [found.total, found.unseen]
}

const at = (n: number): ToImport => ({
  message: plain(`at ${n}`),
  header: { receivedAt: 1_700_000_000_000 + n * 1000 },
})

const body = (type: string, some: Partial<ContentOptions> = {}): Partial<ContentOptions> => ({
  withBody: true,
  mimeSupport: 2,
  bodies: [{ type, truncation: undefined, allOrNone: false, preview: 0 }],
  ...some,
})

const text = (message: Message) => Buffer.from(message.body?.data ?? '').toString()

onBothTransports((suite) => {
  test('are found by item wherever they are, beside those named by placement', async () => {
    const { placements } = await filled(suite, 'Items', [at(1), at(2)])
    const items = (await get(suite, placements)).map(({ item }) => item)
    await suite.client.deleteMessages({ ...mike, placements: [placements[1]!], toTrash: true })
    const request = { ...mike, placements: [placements[0]!], items: [items[1]!, 999_999_999] }
    const { messages } = await suite.client.getMessages(request)
    assert.deepEqual(
      messages.map(({ item, mailbox }) => [item, mailbox === 'trash']),
      [
        [items[0], false],
        [items[1], true],
      ],
    )
  })

  test('long MIME bodies come without data where they can be read by and by', async () => {
    const long = plain('long', '', `Grüße ${'x'.repeat(70)}\n`.repeat(8000))
    const latin = Buffer.from(long, 'latin1')
    const { placements } = await filled(suite, 'Long', [{ message: long }, { message: latin }])
    for (const [n, placement] of placements.entries())
      for (const truncation of [undefined, 300_000]) {
        const bodies = [{ type: 'mime', truncation, allOrNone: false, preview: 0 }]
        const inline = (await one(suite, placement, { withBody: true, mimeSupport: 2, bodies })).body!
        const options = { withBody: true, mimeSupport: 2, bodies, streamMime: true }
        const { data, streamLength, truncated } = (await one(suite, placement, options)).body!
        assert.deepEqual([data, truncated, streamLength], [undefined, inline.truncated, inline.data!.length])
        const { bytes } = await readPart(suite.client, { placement, asText: true, length: streamLength })
        assert.ok(bytes.equals(Buffer.from(inline.data!)), `${n} ${truncation}`)
        const rest = await readPart(suite.client, { placement, asText: true, offset: 1000, length: 5 })
        assert.deepEqual(rest.bytes, Buffer.from(inline.data!).subarray(1000, 1005))
      }
  })

  test('messages are listed page by page, the newest first, whatever the order they came in', async () => {
    const { mailbox } = await filled(suite, 'Pages', [3, 1, 5, 2, 4, 5].map(at))
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await suite.client.listMessages({ ...mike, mailbox, pageSize: 2, pageToken })
      assert.ok(page.messages.length <= 2)
      seen.push(...page.messages.map(({ envelope }) => envelope!.subject))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(seen, ['at 5', 'at 5', 'at 4', 'at 3', 'at 2', 'at 1'])
  })

  test('listing a mailbox that is not there is refused', async () => {
    await assert.rejects(suite.client.listMessages({ ...mike, mailbox: 'm999' }), {
      code: 'MAILBOX_NOT_FOUND',
    })
  })

  test('messages come with their bodies as they are wanted', async () => {
    const { placements } = await filled(suite, 'Bodies', [{ message: MULTIPART }])
    const [placement] = placements as [number]
    assert.equal((await one(suite, placement)).body, undefined)
    assert.equal(text(await one(suite, placement, body('plain'))).trim(), 'Grüße')
    assert.match(text(await one(suite, placement, body('html'))), /<p>Grüße<\/p>/)
    assert.match(text(await one(suite, placement, body('mime'))), /^From: Anna <anna@ox\.io>\r\n/)
    const cut = await one(suite, placement, {
      ...body('plain'),
      bodies: [{ type: 'plain', truncation: 3, allOrNone: false, preview: 0 }],
    })
    assert.equal(text(cut), 'Gr')
    assert.equal(cut.body?.truncated, true)
    assert.equal(cut.nativeBody, 'html')
  })

  test('attachments are named and their parts are read, whole and in ranges', async () => {
    const { placements } = await filled(suite, 'Parts', [{ message: MULTIPART }])
    const message = await one(suite, placements[0]!)
    assert.equal(message.envelope?.subject, 'Grüße')
    const [attachment] = message.attachments
    assert.deepEqual([attachment?.name, attachment?.size, attachment?.method], ['data.txt', 16, 'normal'])
    const placement = placements[0]!
    const whole = await readPart(suite.client, { placement, part: attachment!.part })
    assert.deepEqual([whole.name, whole.total, whole.bytes.toString()], ['data.txt', 16, '0123456789abcdef'])
    const range = { placement, part: attachment!.part, offset: 10, length: 4 }
    assert.equal((await readPart(suite.client, range)).bytes.toString(), 'abcd')
    assert.equal((await readPart(suite.client, { ...range, offset: 16 })).bytes.length, 0)
    assert.equal((await readPart(suite.client, { ...range, offset: 14, length: 100 })).bytes.toString(), 'ef')
    const raw = await readPart(suite.client, { placement })
    assert.equal(raw.bytes.toString(), MULTIPART.replaceAll('\n', '\r\n'))
    assert.equal(raw.type, 'message/rfc822')
  })

  test('a part, message or range that is not there is refused', async () => {
    const { placements } = await filled(suite, 'No parts', [{ message: plain('x') }])
    const placement = placements[0]!
    await assert.rejects(readPart(suite.client, { placement, part: '7.7' }), { code: 'PART_NOT_FOUND' })
    await assert.rejects(readPart(suite.client, { placement: placement + 1 }), { code: 'MESSAGE_NOT_FOUND' })
  })

  test('messages that are not there are left out of an answer, the others keep the order asked for', async () => {
    const { placements } = await filled(suite, 'Order', [1, 2, 3].map(at))
    const [a, b, c] = placements as [number, number, number]
    const found = await get(suite, [c, 8192 * 999_999, a, b, c])
    assert.deepEqual(
      found.map(({ placement }) => placement),
      [c, a, b],
    )
  })

  test('more messages than an answer should hold are refused', async () => {
    const placements = Array.from({ length: 1001 }, (_, n) => n + 1)
    await assert.rejects(suite.client.getMessages({ ...mike, placements }), { code: 'INVALID_ARGUMENT' })
  })

  test('seen, flag and categories are changed, and counted', async () => {
    const { mailbox, placements } = await filled(suite, 'Flags', [1, 2, 3].map(at))
    assert.deepEqual(await counts(suite, mailbox), [3, 3])
    const flag = Flag.create({
      status: 'active',
      type: 'to do',
      dueDate: 1_764_000_000_000,
      reminderSet: true,
    })
    const change = {
      ...mike,
      placements: placements.slice(0, 2),
      seen: true,
      flag: { flag },
      categories: { categories: ['Red'] },
    }
    const { position } = await suite.client.updateMessages(change)
    assert.deepEqual(await counts(suite, mailbox), [3, 1])
    const [first, , third] = await get(suite, placements)
    assert.deepEqual(
      [first!.state?.seen, first!.state?.flag, first!.state?.categories],
      [true, flag, ['Red']],
    )
    assert.deepEqual([third!.state?.seen, third!.state?.flag], [false, undefined])
    assert.equal((await suite.client.updateMessages(change)).position >= position, true)
    await suite.client.updateMessages({ ...mike, placements, seen: false, flag: {}, categories: {} })
    assert.deepEqual(await counts(suite, mailbox), [3, 3])
    assert.deepEqual((await one(suite, placements[0]!)).state, third!.state)
  })

  test('a change that changes nothing makes no commit', async () => {
    const { placements } = await filled(suite, 'Nothing', [at(1)])
    const before = await suite.mail.log.head({})
    await suite.client.updateMessages({ ...mike, placements, seen: false })
    await suite.client.updateMessages({ ...mike, placements: [8192 * 999_999], seen: true })
    await suite.client.deleteMessages({ ...mike, placements: [8192 * 999_999] })
    assert.equal(await suite.mail.log.head({}), before)
  })

  test('a deletion goes to the trash first, then for good', async () => {
    const { mailbox, placements } = await filled(suite, 'Delete', [{ message: plain('to delete') }])
    const used = (await suite.client.getUsage(mike)).usedBytes
    await suite.client.deleteMessages({ ...mike, placements, toTrash: true })
    assert.deepEqual(await counts(suite, mailbox), [0, 0])
    assert.equal((await suite.client.getUsage(mike)).usedBytes, used)
    const { messages } = await suite.client.listMessages({ ...mike, mailbox: 'trash' })
    const trashed = messages.find(({ envelope }) => envelope?.subject === 'to delete')!
    assert.equal(trashed.item, placements[0], 'the item keeps its identity')
    assert.notEqual(trashed.placement, placements[0], 'its placement is new')
    await suite.client.deleteMessages({ ...mike, placements: [trashed.placement], toTrash: true })
    assert.deepEqual(await get(suite, [trashed.placement]), [])
    assert.equal((await suite.client.getUsage(mike)).usedBytes, used - trashed.size)
  })

  test('a copy is an item of its own with the same content and state', async () => {
    const { placements } = await filled(suite, 'Copy', [
      { message: MULTIPART, header: { state: { seen: true } } },
      at(1),
    ])
    const { mailbox } = await suite.client.createMailbox({ ...mike, name: 'Copies' })
    const copy = { ...mike, placements, to: mailbox, commandId: 'copy-once' }
    const copied = await suite.client.copyMessages(copy)
    const [original, copied0] = [await one(suite, placements[0]!), await one(suite, copied.placements[0]!)]
    assert.notEqual(copied0.item, original.item)
    const { placement: _, item: __, mailbox: ___, ...content } = original
    const { placement, item, mailbox: to, ...copiedContent } = copied0
    assert.deepEqual(copiedContent, content)
    assert.deepEqual([to, item], [mailbox, placement])
    assert.deepEqual(await counts(suite, mailbox), [2, 1])
    await suite.client.deleteMessages({ ...mike, placements: [placements[0]!] })
    assert.equal((await readPart(suite.client, { placement })).bytes.length, original.size)
    const again = await suite.client.copyMessages({ ...copy, placements: [placements[1]!] })
    assert.deepEqual(again.placements, copied.placements, 'a repeat answers what the first one made')
  })

  test('a copy into a mailbox that is not there is refused', async () => {
    const { placements } = await filled(suite, 'Copy nowhere', [at(1)])
    await assert.rejects(suite.client.copyMessages({ ...mike, placements, to: 'm999' }), {
      code: 'MAILBOX_NOT_FOUND',
    })
  })

  test('commands on thousands of messages are split into commits', async () => {
    const small = Array.from({ length: 64 }, (_, n) => ({
      message: `Subject: ${n}\n\n`,
      header: { path: ['Many'] },
    }))
    await importMessages(suite.client, small)
    const count = 64 * 2 ** 4
    const mailbox = (await suite.client.listMailboxes(mike)).mailboxes.find(
      ({ name }) => name === 'Many',
    )!.mailbox
    const doubled = async () => {
      const { messages } = await suite.client.listMessages({ ...mike, mailbox, pageSize: 1000 })
      const { mailboxes } = await suite.client.listMailboxes(mike)
      return { messages, total: mailboxes.find((found) => found.mailbox === mailbox)!.total }
    }
    for (let { messages, total } = await doubled(); total < count; { messages, total } = await doubled()) {
      const placements = messages.map(({ placement }) => placement).slice(0, count - total)
      await suite.client.copyMessages({ ...mike, placements, to: mailbox })
    }
    const placements: number[] = []
    for (let pageToken = ''; ; ) {
      const page = await suite.client.listMessages({ ...mike, mailbox, pageSize: 1000, pageToken })
      placements.push(...page.messages.map(({ placement }) => placement))
      pageToken = page.nextPageToken
      if (pageToken === '') break
    }
    assert.equal(placements.length, count)
    const before = await suite.mail.log.head({})
    await suite.client.updateMessages({ ...mike, placements, seen: true })
    assert.deepEqual(await counts(suite, mailbox), [count, 0])
    assert.equal(await suite.mail.log.head({}), before + Math.ceil(count / MAX_MESSAGES_PER_COMMIT))
    await suite.client.emptyMailbox({ ...mike, mailbox })
    assert.deepEqual(await counts(suite, mailbox), [0, 0])
  })

  test('messages are threaded by their references, else by the subject of a reply', async () => {
    const message = (id: string, fields: string, subject: string) => ({
      message: `From: a@x\nSubject: ${subject}\nMessage-ID: <${id}@t>\n${fields}\nx\n`,
    })
    const { placements } = await filled(suite, 'Threads', [
      message('1', '', 'Plans'),
      message('2', 'In-Reply-To: <1@t>\nReferences: <1@t>\n', 'Re: Plans'),
      message('3', 'References: <1@t> <2@t>\n', 'Something else'),
      message('4', '', 'AW: Plans'),
      message('5', '', 'Plans'),
      message('7', 'In-Reply-To: <6@t>\n', 'Re: Later'),
      message('6', '', 'Later'),
    ])
    const ids = (await get(suite, placements)).map(({ conversation }) =>
      Buffer.from(conversation).toString('hex'),
    )
    const [a, b, c, d, e, reply, original] = ids
    assert.deepEqual([b, c, d], [a, a, a])
    assert.notEqual(e, a, 'the same subject alone is no thread')
    assert.equal(original, reply, 'a reply that comes first meets what it answers')
    assert.ok(ids.every((id) => id.length === 32))
  })

  test('a message whose bytes are damaged or gone is a stub with the reason, and blocks nothing', async () => {
    const { mailbox, placements } = await filled(suite, 'Damaged', [at(1), at(2), at(3)])
    const messages = await get(suite, placements)
    await suite.mail.damage(messages[0]!.blob)
    await suite.mail.lose(messages[1]!.blob)
    const found = await get(suite, placements, body('html'))
    assert.equal(found.length, 3)
    assert.deepEqual(
      found.map(({ defect }) => defect !== ''),
      [true, true, false],
    )
    for (const stub of found.slice(0, 2)) assert.match(text(stub), /can't be shown: /)
    const { messages: listed } = await suite.client.listMessages({ ...mike, mailbox })
    assert.deepEqual(
      listed.map(({ envelope }) => envelope?.subject),
      ['at 3', 'at 2', 'at 1'],
    )
    await assert.rejects(readPart(suite.client, { placement: placements[1]! }), { code: 'BLOB_NOT_FOUND' })
  })

  test('an answer waits for the position it is asked to know', async () => {
    const [result] = await deliver(suite.client, plain('waited for'))
    const inbox = { ...mike, mailbox: 'inbox', minPosition: result!.position }
    const { messages, position } = await suite.client.listMessages(inbox)
    assert.ok(messages.some(({ envelope }) => envelope?.subject === 'waited for'))
    assert.ok(position >= result!.position)
    const later = { ...inbox, minPosition: result!.position + 1_000_000 }
    await assert.rejects(suite.client.listMessages(later, { identity: asOwner(), timeoutMs: 200 }), {
      code: 'DEADLINE_EXCEEDED',
      retryable: true,
    })
  })
})
