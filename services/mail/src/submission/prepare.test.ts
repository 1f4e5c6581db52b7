import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MailAccount } from '../accounts/account.ts'
import { parseHeader, valuesOf, writeHeader } from './header.ts'
import { type Envelope, prepareSubmission } from './prepare.ts'

const account: MailAccount = {
  ...{ tenant: 'acme', account: 'u_mike', displayName: 'Mike', locale: 'en', timeZone: 'UTC' },
  ...{ addresses: ['mike@ox.io', 'michael@ox.io', 'mike@müller.example'], quotaBytes: 0, active: true },
}

const prepare = (header: string, envelope: Partial<Envelope> = {}, some: Partial<MailAccount> = {}) =>
  prepareSubmission(parseHeader(header.replaceAll('\n', '\r\n')), {
    account: { ...account, ...some },
    envelope: { sender: '', recipients: [], ...envelope },
    now: Date.UTC(2026, 10, 25, 9, 5, 7),
    newId: 'id-1',
    maxRecipients: 5,
  })

const refuses = (code: string, ...args: Parameters<typeof prepare>) =>
  assert.throws(() => prepare(...args), { code })

const WHOLE =
  'From: mike@ox.io\nTo: anna@x.example\nDate: Wed, 25 Nov 2026 09:00:00 +0000\nMessage-ID: <a@b>\n'

describe('what is completed', () => {
  test('a complete header stays as it is', () => {
    const { saved, sent } = prepare(WHOLE)
    assert.equal(writeHeader(saved), `${WHOLE.replaceAll('\n', '\r\n')}\r\n`)
    assert.equal(sent, saved)
  })

  test("Date, Message-ID and From are added where they are missing; the id has the account's domain", () => {
    const { saved, messageId } = prepare('To: anna@x.example\n')
    assert.deepEqual(valuesOf(saved, 'date'), ['Wed, 25 Nov 2026 09:05:07 +0000'])
    assert.deepEqual(valuesOf(saved, 'from'), ['"Mike" <mike@ox.io>'])
    assert.equal(messageId, '<id-1@ox.io>')
    assert.deepEqual(valuesOf(saved, 'message-id'), [messageId])
  })

  test('empty ones are replaced', () => {
    const { saved } = prepare('To: anna@x.example\nMessage-ID:\nDate: \nFrom:\n')
    for (const name of ['message-id', 'date', 'from']) assert.equal(valuesOf(saved, name).length, 1)
  })

  test("a domain that isn't ASCII gives an id that is", () => {
    assert.match(
      prepare('To: a@x\n', {}, { addresses: ['mike@müller.example'] }).messageId,
      /@xn--mller-kva\.example>$/,
    )
  })

  test('RFC 2047: a name that is not ASCII is an encoded word of at most 75 characters', () => {
    const displayName = 'Müller, Łukasz 🙂 von und zu Hohenlohe-Langenburg'
    const [from] = valuesOf(prepare('To: a@x\n', {}, { displayName }).saved, 'from')
    const words = from!.match(/=\?utf-8\?B\?[^?]*\?=/g)!
    assert.ok(words.every((word) => word.length <= 75))
    const decoded = words.map((word) => Buffer.from(word.split('?')[3]!, 'base64').toString()).join('')
    assert.equal(decoded, displayName)
  })

  test("a name can't bring fields of its own", () => {
    const { saved } = prepare('To: a@x\n', {}, { displayName: 'Mike\r\nBcc: evil@x' })
    assert.equal(valuesOf(saved, 'bcc').length, 0)
    assert.equal(parseHeader(writeHeader(saved)).length, saved.length + 1)
  })

  test('quotes in a name are escaped', () => {
    assert.deepEqual(valuesOf(prepare('To: a@x\n', {}, { displayName: 'a "b" \\c' }).saved, 'from'), [
      '"a \\"b\\" \\\\c" <mike@ox.io>',
    ])
  })
})

describe('who it comes from', () => {
  test("the account's own addresses, its aliases and their sub-addresses are allowed, in any case", () => {
    for (const from of [
      'MIKE@OX.IO',
      'Mike <michael@ox.io>',
      'mike+lists@ox.io',
      'mike@xn--mller-kva.example',
    ]) {
      assert.ok(prepare(`From: ${from}\nTo: a@x\n`))
    }
  })

  test('any other is refused, also beside an own one', () => {
    for (const from of [
      'anna@ox.io',
      'mike@ox.io, anna@ox.io',
      '"mike@ox.io" <evil@x>',
      'Mike',
      'mike@ox.io <anna@ox.io>',
    ]) {
      refuses('SENDER_NOT_ALLOWED', `From: ${from}\nTo: a@x\n`)
    }
  })

  test('a second From field is looked at too', () => {
    refuses('SENDER_NOT_ALLOWED', 'From: mike@ox.io\nFrom: anna@ox.io\nTo: a@x\n')
  })

  test("Sender and the envelope's sender must be own", () => {
    refuses('SENDER_NOT_ALLOWED', 'From: mike@ox.io\nSender: anna@ox.io\nTo: a@x\n')
    refuses('SENDER_NOT_ALLOWED', 'From: mike@ox.io\nTo: a@x\n', { sender: 'anna@ox.io' })
    assert.equal(prepare('From: mike@ox.io\nTo: a@x\n', { sender: 'michael@ox.io' }).sender, 'michael@ox.io')
  })

  test('the sender is Sender, else the first author', () => {
    assert.equal(
      prepare('From: mike@ox.io, michael@ox.io\nSender: michael@ox.io\nTo: a@x\n').sender,
      'michael@ox.io',
    )
    assert.equal(prepare('From: Mike <mike@ox.io>\nTo: a@x\n').sender, 'mike@ox.io')
  })

  test('an address in a comment or a name is nobody', () => {
    refuses('SENDER_NOT_ALLOWED', 'From: (mike@ox.io) evil@x\nTo: a@x\n')
  })
})

describe('who it goes to', () => {
  test('To, Cc and Bcc, each address once', () => {
    const { recipients } = prepare('From: mike@ox.io\nTo: a@x, B <b@x>\nCc: A@x\nBcc: c@x\n')
    assert.deepEqual(recipients.toSorted(), ['A@x', 'b@x', 'c@x'])
  })

  test('members of a group', () => {
    assert.deepEqual(prepare('From: mike@ox.io\nTo: team: a@x, b@x;\n').recipients, ['a@x', 'b@x'])
  })

  test("the envelope's, where a submission server says them", () => {
    assert.deepEqual(prepare('From: mike@ox.io\nTo: a@x\n', { recipients: ['z@x'] }).recipients, ['z@x'])
  })

  test('Bcc is kept and not sent', () => {
    const { saved, sent } = prepare('From: mike@ox.io\nTo: a@x\nBcc: c@x\n')
    assert.deepEqual(valuesOf(saved, 'bcc'), ['c@x'])
    assert.deepEqual(valuesOf(sent, 'bcc'), [])
    assert.deepEqual(valuesOf(sent, 'message-id'), valuesOf(saved, 'message-id'))
  })

  test('nobody is refused', () => {
    refuses('NO_RECIPIENTS', 'From: mike@ox.io\n')
    refuses('NO_RECIPIENTS', 'From: mike@ox.io\nTo: undisclosed-recipients:;\n')
  })

  test('too many are refused', () => {
    refuses(
      'TOO_MANY_RECIPIENTS',
      `From: mike@ox.io\nTo: ${Array.from({ length: 6 }, (_, n) => `u${n}@x`).join(', ')}\n`,
    )
  })

  for (const broken of ['a', 'a@', '@x', 'a b@x', 'a@x\0', `${'x'.repeat(65)}@x`, 'a@x>']) {
    test(`${JSON.stringify(broken)} is no recipient`, () => {
      refuses('RECIPIENT_INVALID', 'From: mike@ox.io\n', { recipients: ['ok@x', broken] })
    })
  }
})
