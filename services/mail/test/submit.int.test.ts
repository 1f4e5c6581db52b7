import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import type { Message } from '@relais/proto/mail/v1/mail.ts'
import { deliver, plain, submit } from './calls.ts'
import { ANNA, type Harness, MIKE, startMail, TENANT } from './harness.ts'
import { onBothTransports, type Suite } from './on-both-transports.ts'

const mike = { tenant: TENANT, account: MIKE }

const MESSAGE = 'From: Mike <mike@ox.io>\nTo: Anna <anna@x.example>\nSubject: Hello\n\nHi Anna\n'

/** What mail-transport finds in the log. */
const submissions = async ({ log, blobs }: Harness) => {
  const found: (MessageSubmitted & { position: number; text: string })[] = []
  for await (const commits of log.read({ ...mike, service: 'mail' }, 0)) {
    for (const { events, position } of commits) {
      const event = events.find(({ type }) => type === 'MessageSubmitted')
      if (!event) continue
      const submitted = MessageSubmitted.decode(event.payload)
      const text = Buffer.from(await blobs.get(TENANT, submitted.blob)).toString()
      found.push({ ...submitted, position, text })
    }
  }
  return found
}

const sentMessages = async ({ client }: Pick<Suite, 'client'>): Promise<Message[]> => {
  const options = { withBody: true, bodies: [{ type: 'mime' }], mimeSupport: 2 }
  const { messages } = await client.listMessages({ ...mike, mailbox: 'sent' })
  const placements = messages.map(({ placement }) => placement)
  return (await client.getMessages({ ...mike, placements, options })).messages
}

const mimeOf = (message: Message) => Buffer.from(message.body?.data ?? '').toString()

/** A message in the inbox, for answers. */
const received = async ({ client }: Pick<Suite, 'client'>, message: string): Promise<Message> => {
  const [result] = await deliver(client, message)
  const inbox = { ...mike, mailbox: 'inbox', minPosition: result!.position }
  const { messages } = await client.listMessages(inbox)
  return messages.find(({ placement }) => placement === result!.position * 8192)!
}

onBothTransports((suite) => {
  test('a submission is in the log for mail-transport and its copy in Sent, in one commit', async () => {
    const { position, repeated } = await submit(suite.client, MESSAGE, { commandId: 'first' })
    assert.equal(repeated, false)
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.deepEqual([submitted!.sender, submitted!.recipients], ['mike@ox.io', ['anna@x.example']])
    assert.deepEqual([submitted!.bodyKind, submitted!.smtputf8, submitted!.saved], ['7bit', false, 1])
    assert.match(submitted!.text, /^Date: .*\r\nMessage-ID: <.+@ox\.io>\r\nFrom: Mike <mike@ox\.io>\r\n/)
    assert.ok(submitted!.text.endsWith('\r\n\r\nHi Anna\r\n'))
    const [saved] = await sentMessages(suite)
    assert.equal(saved!.placement, position * 8192)
    assert.equal(saved!.state?.seen, true)
    assert.equal(saved!.envelope?.messageId, submitted!.messageId)
    assert.equal(saved!.blob, submitted!.blob)
  })

  test('the same command again sends nothing and answers with the first position', async () => {
    const first = await submit(suite.client, MESSAGE, { commandId: 'twice' })
    const count = (await submissions(suite.mail)).length
    const second = await submit(suite.client, MESSAGE, { commandId: 'twice' })
    assert.deepEqual(second, { position: first.position, repeated: true })
    assert.equal((await submissions(suite.mail)).length, count)
  })

  test('also when both come at the same time', async () => {
    const both = await Promise.all(
      [1, 2, 3].map(() => submit(suite.client, MESSAGE, { commandId: 'at once' })),
    )
    assert.equal(new Set(both.map(({ position }) => position)).size, 1)
    assert.equal(both.filter(({ repeated }) => !repeated).length, 1)
  })

  test('for a phone the same message is the same under another command; for a program it is another', async () => {
    const message = MESSAGE.replace('Subject', 'Message-ID: <once@ox.io>\nSubject')
    const first = await submit(suite.client, message, { messageIdOnce: true })
    const again = await submit(suite.client, message.replace('Hi', 'Hello'), { messageIdOnce: true })
    assert.deepEqual(again, { position: first.position, repeated: true })
    assert.equal((await submit(suite.client, message)).repeated, false)
    assert.equal((await submit(suite.client, MESSAGE, { messageIdOnce: true })).repeated, false)
    assert.equal((await submit(suite.client, MESSAGE, { messageIdOnce: true })).repeated, false)
  })

  test('also when both commands come at the same time', async () => {
    const message = MESSAGE.replace('Subject', 'Message-ID: <at-once@ox.io>\nSubject')
    const all = await Promise.all([1, 2, 3].map(() => submit(suite.client, message, { messageIdOnce: true })))
    assert.equal(all.filter(({ repeated }) => !repeated).length, 1)
    assert.equal(new Set(all.map(({ position }) => position)).size, 1)
  })

  test('a message that was moved meanwhile is answered where it is, and marked there', async () => {
    const original = await received(suite, plain('Moved', '', 'moved text'))
    const { results } = await suite.client.moveMessages({
      ...{ ...mike, device: 'd' },
      moves: [{ placement: original.placement, from: 'inbox', to: 'archive' }],
    })
    const source = { placement: original.placement, verb: 'reply', replaceMime: false }
    const { position } = await submit(suite.client, MESSAGE, { source })
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.match(submitted!.text, /moved text/)
    const placements = [results[0]!.placement]
    const { messages } = await suite.client.getMessages({ ...mike, placements })
    assert.equal(messages[0]!.state?.lastVerb, 1)
  })

  test('Bcc goes to its recipients, is kept in Sent, and is in nothing that is sent', async () => {
    const message = MESSAGE.replace('Subject', 'Bcc: secret@x.example,\n also@x.example\nSubject')
    const { position } = await submit(suite.client, message)
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.deepEqual(submitted!.recipients, ['anna@x.example', 'secret@x.example', 'also@x.example'])
    assert.doesNotMatch(submitted!.text, /bcc|secret|also@/i)
    const [saved] = await sentMessages(suite)
    assert.match(mimeOf(saved!), /Bcc: secret@x\.example,\r\n also@x\.example\r\n/)
  })

  test('nothing is kept where the sender does not want a copy', async () => {
    const before = (await sentMessages(suite)).length
    const { position } = await submit(suite.client, MESSAGE, { saveInSent: false })
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.equal(submitted!.saved, 0)
    assert.equal((await sentMessages(suite)).length, before)
  })

  test('a foreign sender is refused, in the fields and in the envelope', async () => {
    const foreign = { code: 'SENDER_NOT_ALLOWED' }
    await assert.rejects(submit(suite.client, MESSAGE.replace('mike@ox.io', 'anna@ox.io')), foreign)
    await assert.rejects(submit(suite.client, MESSAGE, { envelopeSender: 'anna@ox.io' }), foreign)
    await assert.rejects(submit(suite.client, 'To: a@x\n\nhi', { account: ANNA }), {
      code: 'PERMISSION_DENIED',
    })
  })

  test('a message for nobody, for too many, or with a broken recipient is refused', async () => {
    await assert.rejects(submit(suite.client, 'From: mike@ox.io\n\nhi'), { code: 'NO_RECIPIENTS' })
    const many = Array.from({ length: 501 }, (_, n) => `u${n}@x.example`)
    await assert.rejects(submit(suite.client, MESSAGE, { envelopeRecipients: many }), {
      code: 'TOO_MANY_RECIPIENTS',
    })
    await assert.rejects(submit(suite.client, MESSAGE, { envelopeRecipients: ['<x>'] }), {
      code: 'RECIPIENT_INVALID',
    })
    await assert.rejects(submit(suite.client, ''), { code: 'NO_RECIPIENTS' })
  })

  test('what the message needs of SMTP is said: 8BITMIME, SMTPUTF8', async () => {
    const needs = async (message: string, recipients: string[] = []) => {
      const { position } = await submit(suite.client, message, { envelopeRecipients: recipients })
      const [found] = (await submissions(suite.mail)).filter((one) => one.position === position)
      return [found!.bodyKind, found!.smtputf8]
    }
    assert.deepEqual(await needs(MESSAGE.replace('Hi', 'Grüße')), ['8bitmime', false])
    assert.deepEqual(await needs(MESSAGE.replace('Hello', 'Grüße')), ['8bitmime', true])
    assert.deepEqual(await needs(MESSAGE, ['grüße@x.example']), ['8bitmime', true])
  })

  test('a reply carries the original, keeps it, and marks it as answered', async () => {
    const original = await received(suite, plain('Plans', 'References: <root@x>\n', 'Shall we?'))
    const { position } = await submit(suite.client, MESSAGE.replace('Hello', 'Re: Plans'), {
      source: { placement: original.placement, verb: 'reply', replaceMime: false },
    })
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.match(submitted!.text, /Hi Anna[\s\S]*Shall we\?/)
    assert.ok(submitted!.text.includes(`In-Reply-To: ${original.envelope!.messageId}`))
    const { messages } = await suite.client.getMessages({ ...mike, placements: [original.placement] })
    assert.equal(messages[0]!.state?.lastVerb, 1)
    const [saved] = await sentMessages(suite)
    assert.deepEqual(saved!.conversation, original.conversation)
  })

  test('a reply to several is a reply to all, a forward a forward', async () => {
    const original = await received(suite, plain('Verbs'))
    const verb = async (to: string, verb: string) => {
      const source = { placement: original.placement, verb, replaceMime: false }
      await submit(suite.client, `From: mike@ox.io\nTo: ${to}\nSubject: x\n\nx\n`, { source })
      const { messages } = await suite.client.getMessages({ ...mike, placements: [original.placement] })
      return messages[0]!.state!.lastVerb
    }
    assert.equal(await verb('a@x.example, b@x.example', 'reply'), 2)
    assert.equal(await verb('a@x.example', 'forward'), 3)
  })

  test('a complete message stays as it is, and its source is marked all the same', async () => {
    const original = await received(suite, plain('Whole', '', 'original text'))
    const source = { placement: original.placement, verb: 'reply', replaceMime: true }
    const { position } = await submit(suite.client, MESSAGE, { source })
    const [submitted] = (await submissions(suite.mail)).filter((one) => one.position === position)
    assert.doesNotMatch(submitted!.text, /original text/)
    const { messages } = await suite.client.getMessages({ ...mike, placements: [original.placement] })
    assert.equal(messages[0]!.state?.lastVerb, 1)
  })

  test('an original that is gone is said so, where its text is needed', async () => {
    const source = { placement: 8192 * 999_999, verb: 'forward', replaceMime: false }
    await assert.rejects(submit(suite.client, MESSAGE, { source }), { code: 'MESSAGE_NOT_FOUND' })
    await submit(suite.client, MESSAGE, { source: { ...source, replaceMime: true } })
  })
})

describe('limits of sending', () => {
  test('an account writes to so many recipients an hour, as the setting says; then again', async (t) => {
    let now = Date.UTC(2026, 10, 25)
    const suite = await startMail(t, { clock: () => now })
    suite.directory.setting('mail.sendRate', '3')
    const send = (n: number) => {
      const recipients = Array.from({ length: n }, (_, i) => `u${i}@x.example`)
      return submit(suite.client, `From: mike@ox.io\nTo: ${recipients.join(', ')}\n\nhi`)
    }
    await send(2)
    await assert.rejects(send(2), { code: 'SEND_RATE_EXCEEDED', retryable: true })
    await send(1)
    await assert.rejects(send(1), { code: 'SEND_RATE_EXCEEDED' })
    now += 3600_001
    await send(3)
  })

  test('a copy that has no room in Sent is not sent', async (t) => {
    const suite = await startMail(t)
    suite.directory.set({ ...mike, address: 'mike@ox.io', quotaBytes: 50 })
    await assert.rejects(submit(suite.client, MESSAGE), { code: 'QUOTA_EXCEEDED' })
    assert.equal((await submissions(suite)).length, 0)
    await submit(suite.client, MESSAGE, { saveInSent: false })
  })

  test('a suspended account sends nothing', async (t) => {
    const suite = await startMail(t)
    suite.directory.set({ ...mike, address: 'mike@ox.io', tenantState: 'suspended' })
    await assert.rejects(submit(suite.client, MESSAGE), { code: 'ACCOUNT_SUSPENDED' })
  })

  test('a message over the limit is refused', async (t) => {
    const suite = await startMail(t, { limits: { messageBytes: 10_000 } })
    await assert.rejects(submit(suite.client, `${MESSAGE}${'x'.repeat(10_000)}`), {
      code: 'MESSAGE_TOO_LARGE',
    })
  })
})
