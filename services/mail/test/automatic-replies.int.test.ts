import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AutomaticReplySent, MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import type { AutomaticReplies, DeepPartial } from '@relais/proto/mail/v1/message.ts'
import { waitUntil } from '@relais/testing'
import { type DeliverOptions, deliver, importMessages, submit } from './calls.ts'
import { ANNA, asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const reply = (text: string, type = 'plain') => ({ enabled: true, type, text })

const AWAY: DeepPartial<AutomaticReplies> = {
  state: 'on',
  inside: reply('inside'),
  outsideKnown: reply('known'),
  outsideUnknown: reply('unknown'),
}

type Sent = AutomaticReplySent & { readonly position: number; readonly submitted: MessageSubmitted }

/** Replies in the log, with the submission of the same commit. */
const sentReplies = async ({ log }: Pick<Harness, 'log'>, account = MIKE): Promise<Sent[]> => {
  const found: Sent[] = []
  for await (const commits of log.read({ tenant: TENANT, account, service: 'mail' }, 0))
    for (const { events, position } of commits) {
      const sent = events.find(({ type }) => type === 'AutomaticReplySent')
      const submitted = events.find(({ type }) => type === 'MessageSubmitted')
      if (!sent || !submitted) continue
      found.push({
        ...{ ...AutomaticReplySent.decode(sent.payload), position },
        submitted: MessageSubmitted.decode(submitted.payload),
      })
    }
  return found
}

const textOf = async ({ blobs }: Harness, { submitted }: Sent) =>
  Buffer.from(await blobs.get(TENANT, submitted.blob)).toString()

const letter = (fields = '', to = 'mike@ox.io') =>
  `From: Ann <ann@x.example>\nTo: ${to}\nSubject: Lunch?\nMessage-ID: <${crypto.randomUUID()}@x>\n${fields}\nHello\n`

const from = (sender: string, header: DeliverOptions['header'] = {}): DeliverOptions => ({
  header: { envelopeSender: sender, ...header },
})

/** All deliveries so far are judged: one that is surely answered, later than they, was answered. */
const judged = async (mail: Harness, client: Suite['client'], marker: string) => {
  await deliver(client, letter(), from(marker))
  return waitUntil(async () => {
    const replies = await sentReplies(mail)
    return replies.some(({ sender }) => sender === marker) ? replies : undefined
  })
}

const senders = (replies: readonly Sent[]) => replies.map(({ sender }) => sender)

onBothTransports((suite) => {
  test('what is set is what is told, in either form', async () => {
    await suite.client.setAutomaticReplies({
      ...mike,
      replies: {
        state: 'off',
        inside: reply('<p>a <b>b</b></p>', 'html'),
        outsideKnown: reply('1 < 2\r\n3'),
      },
    })
    const texts = async (type: string) => {
      const { replies } = await suite.client.getAutomaticReplies({ ...mike, type })
      return [replies?.inside?.text, replies?.outsideKnown?.text, replies?.outsideUnknown?.text]
    }
    assert.deepEqual(await texts(''), ['<p>a <b>b</b></p>', '1 < 2\r\n3', ''])
    assert.deepEqual(await texts('plain'), ['a b', '1 < 2\r\n3', ''])
    const [inside, known] = await texts('html')
    assert.deepEqual([inside, /1 &lt; 2<br>\r\n3/.test(known ?? '')], ['<p>a <b>b</b></p>', true])
    await assert.rejects(suite.client.getAutomaticReplies({ ...mike, type: 'rtf' }), {
      code: 'INVALID_ARGUMENT',
    })
  })

  test('each sender is told once, by what they are to the owner', async () => {
    await suite.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await submit(suite.client, 'From: mike@ox.io\nTo: Known@X.example\nSubject: x\n\nx\n')
    for (const sender of [
      'known@x.example',
      'new@x.example',
      'anna@ox.io',
      'new@x.example',
      'KNOWN@x.example',
    ])
      await deliver(suite.client, letter(), from(sender))
    const replies = await judged(suite.mail, suite.client, 'last@x.example')
    assert.deepEqual(
      replies.map(({ sender, audience }) => [sender, audience]),
      [
        ['known@x.example', 'outside-known'],
        ['new@x.example', 'outside-unknown'],
        ['anna@ox.io', 'inside'],
        ['last@x.example', 'outside-unknown'],
      ],
    )
    const { answered } = await suite.client.getAutomaticReplies(mike)
    assert.equal(answered, 4)
    const texts = await Promise.all(replies.map((one) => textOf(suite.mail, one)))
    assert.deepEqual(
      texts.map((text) => text.split('\r\n\r\n')[1]?.trim()),
      ['known', 'unknown', 'inside', 'unknown'],
    )
    for (const { submitted } of replies) assert.deepEqual([submitted.sender, submitted.automatic], ['', true])
    assert.match(texts[0]!, /^Auto-Submitted: auto-replied\r$/m)
    assert.match(texts[0]!, /^In-Reply-To: <.+@x>\r$/m)
  })

  test('a new beginning tells everybody once again; another text tells nobody', async () => {
    await suite.client.setAutomaticReplies({ ...mike, replies: { state: 'on', inside: reply('other') } })
    await deliver(suite.client, letter(), from('new@x.example'))
    const before = await judged(suite.mail, suite.client, 'second@x.example')
    await suite.client.setAutomaticReplies({ ...mike, replies: { state: 'off' } })
    await suite.client.setAutomaticReplies({ ...mike, replies: { state: 'on' } })
    await deliver(suite.client, letter(), from('new@x.example'))
    const after = await judged(suite.mail, suite.client, 'third@x.example')
    assert.deepEqual(senders(after.slice(before.length)), ['new@x.example', 'third@x.example'])
    assert.equal((await suite.client.getAutomaticReplies(mike)).answered, 2)
  })
})

describe('automatic replies', () => {
  test('never to lists, bulk, programs, itself, or mail that isn’t addressed to the owner', async (t) => {
    const mail = await startMail(t)
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    const silent: readonly [string, string][] = [
      [letter('Auto-Submitted: auto-generated\n'), 'a@x.example'],
      [letter('List-Id: <l.x.example>\n'), 'b@x.example'],
      [letter('Precedence: bulk\n'), 'c@x.example'],
      [letter('X-Auto-Response-Suppress: OOF\n'), 'd@x.example'],
      [letter('Content-Type: multipart/report; boundary=b\n'), 'e@x.example'],
      [letter('', 'everybody@ox.io'), 'f@x.example'],
      [letter(), ''],
      [letter(), 'mike@ox.io'],
      [letter(), 'noreply@x.example'],
      [letter(), 'MAILER-DAEMON@x.example'],
      [letter(), 'not an address'],
    ]
    for (const [message, sender] of silent) await deliver(mail.client, message, from(sender))
    await deliver(mail.client, letter(), {
      header: { envelopeSender: 'g@x.example', recipients: [{ account: MIKE, mailbox: 'junk' }] },
    })
    assert.deepEqual(senders(await judged(mail, mail.client, 'person@x.example')), ['person@x.example'])
  })

  test('two who are away tell each other nothing more than once, and never of a reply', async (t) => {
    const mail = await startMail(t)
    const anna = { tenant: TENANT, account: ANNA }
    for (const [key, identity] of [
      [mike, asOwner(MIKE)],
      [anna, asOwner(ANNA)],
    ] as const)
      await mail.client.setAutomaticReplies({ ...key, replies: AWAY }, { identity })
    await deliver(mail.client, letter('', 'mike@ox.io'), from('anna@ox.io'))
    const [first] = await waitUntil(async () => {
      const sent = await sentReplies(mail)
      return sent.length > 0 ? sent : undefined
    })
    // As mail-transport delivers it.
    await deliver(mail.client, await textOf(mail, first!), {
      to: [ANNA],
      header: { envelopeSender: first!.submitted.sender, recipients: [{ account: ANNA }] },
    })
    await judged(mail, mail.client, 'later@x.example')
    assert.deepEqual(await sentReplies(mail, ANNA), [])
  })

  test('only within the time that was set', async (t) => {
    let now = Date.UTC(2026, 10, 25, 9)
    const mail = await startMail(t, { clock: () => now })
    const hour = 3600_000
    await mail.client.setAutomaticReplies({
      ...mike,
      replies: { ...AWAY, state: 'timed', start: now + hour, end: now + 3 * hour },
    })
    await deliver(mail.client, letter(), from('before@x.example'))
    now += hour
    await deliver(mail.client, letter(), from('within@x.example'))
    await judged(mail, mail.client, 'within2@x.example')
    now += 2 * hour
    await deliver(mail.client, letter(), from('after@x.example'))
    await mail.client.setAutomaticReplies({ ...mike, replies: { state: 'on' } })
    const replies = await judged(mail, mail.client, 'on@x.example')
    assert.deepEqual(senders(replies), ['within@x.example', 'within2@x.example', 'on@x.example'])
  })

  test('an account that is off, or suspended, answers nobody; one without rights isn’t heard', async (t) => {
    const mail = await startMail(t)
    await assert.rejects(
      mail.client.setAutomaticReplies(
        { tenant: TENANT, account: ANNA, replies: AWAY },
        { identity: asOwner(MIKE) },
      ),
      { code: 'PERMISSION_DENIED' },
    )
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await mail.client.setAutomaticReplies({ ...mike, replies: { state: 'off' } })
    await deliver(mail.client, letter(), from('off@x.example'))
    await mail.client.setAutomaticReplies({ ...mike, replies: { state: 'on' } })
    assert.deepEqual(senders(await judged(mail, mail.client, 'on@x.example')), ['on@x.example'])
  })

  test('so many in an hour: forged senders don’t make it write to the world', async (t) => {
    const mail = await startMail(t, { limits: { automaticRepliesPerHour: 3 } })
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await Promise.all(
      Array.from({ length: 9 }, (_, n) => deliver(mail.client, letter(), from(`forged${n}@x.example`))),
    )
    await waitUntil(async () => (await sentReplies(mail)).length === 3)
    const head = await mail.log.head({ ...mike, service: 'mail' })
    await waitUntil(async () => {
      const row = await mail
        .processStore()
        .get<{ position: number }>("SELECT position FROM processes WHERE name = 'mail-automatic-replies'")
      return (row?.position ?? 0) >= head
    })
    assert.equal((await sentReplies(mail)).length, 3)
  })

  test('replies count for no limit of sending, and make nobody known', async (t) => {
    const mail = await startMail(t, { limits: { recipientsPerHour: 1 } })
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await deliver(mail.client, letter(), from('one@x.example'))
    await judged(mail, mail.client, 'two@x.example')
    await submit(mail.client, 'From: mike@ox.io\nTo: c@x.example\nSubject: x\n\nx\n')
    await mail.client.setAutomaticReplies({ ...mike, replies: { state: 'off' } })
    await mail.client.setAutomaticReplies({ ...mike, replies: { state: 'on' } })
    await deliver(mail.client, letter(), from('one@x.example'))
    const replies = await judged(mail, mail.client, 'three@x.example')
    assert.equal(
      replies.find(({ sender, position }) => sender === 'one@x.example' && position > replies[0]!.position)
        ?.audience,
      'outside-unknown',
    )
  })

  test('whom sent mail that was imported went to is known', async (t) => {
    const mail = await startMail(t)
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await importMessages(mail.client, [
      {
        message: 'From: mike@ox.io\nTo: "Old" <old@x.example>\nCc: Other@X.example\nSubject: x\n\nx\n',
        header: { mailbox: 'sent' },
      },
    ])
    await deliver(mail.client, letter(), from('other@x.example'))
    const replies = await judged(mail, mail.client, 'unknown@x.example')
    assert.deepEqual(
      replies.map(({ audience }) => audience),
      ['outside-known', 'outside-unknown'],
    )
  })

  test('imported mail isn’t answered, nor what came before it was turned on', async (t) => {
    const mail = await startMail(t)
    await deliver(mail.client, letter(), from('earlier@x.example'))
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await importMessages(mail.client, [{ message: letter(), header: { envelopeSender: 'import@x.example' } }])
    assert.deepEqual(senders(await judged(mail, mail.client, 'now@x.example')), ['now@x.example'])
  })

  test('nothing is said again after a restart, or when the process reads the log from its beginning', async (t) => {
    const mail = await startMail(t)
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await deliver(mail.client, letter(), from('a@x.example'))
    await judged(mail, mail.client, 'b@x.example')
    await mail
      .processStore()
      .transaction((writer) => writer.run("DELETE FROM processes WHERE name = 'mail-automatic-replies'"))
    await mail.stop()
    const again = await startMail(t, { folder: mail.folder })
    await deliver(again.client, letter(), from('a@x.example'))
    const replies = await judged(again, again.client, 'c@x.example')
    assert.deepEqual(senders(replies), ['a@x.example', 'b@x.example', 'c@x.example'])
    const rows = await again.rows()
    await again.mail.rebuild()
    assert.deepEqual(await again.rows(), rows)
  })

  test('of an account that is erased nothing is left', async (t) => {
    const mail = await startMail(t)
    await mail.client.setAutomaticReplies({ ...mike, replies: AWAY })
    await judged(mail, mail.client, 'a@x.example')
    await mail.log.append({
      stream: { ...mike, service: 'directory' },
      events: [{ type: 'AccountDeleted', version: 1, payload: new Uint8Array() }],
      ...{
        commandId: 'gone',
        actor: { kind: 'operator', id: 'o', device: '' },
        principal: '',
        at: Date.now(),
      },
    })
    await waitUntil(async () => (await mail.accounts()) === 0)
    const rows = await mail.rows()
    for (const table of ['automatic_replies', 'automatic_replies_sent', 'correspondents'])
      assert.deepEqual(rows[table], [], table)
  })
})
