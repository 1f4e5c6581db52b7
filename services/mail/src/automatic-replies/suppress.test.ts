import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHeader } from '../submission/header.ts'
import { addressedAs, isMachine, suppressedBy } from './suppress.ts'

const account = { addresses: ['mike@ox.io', 'mk@ox.io'] }

const judged = (fields: string, sender = 'ann@x.example') =>
  suppressedBy({ fields: parseHeader(fields.replace(/\n/g, '\r\n')), sender, account })

const TO_MIKE = 'To: Mike <mike@ox.io>\n'

test('a letter to the owner is answered', () => {
  assert.equal(judged(TO_MIKE), undefined)
  assert.equal(judged('To: x@y.example\nCc: "K, M" <MK@OX.IO>\n'), undefined)
  assert.equal(judged('To: mike+lists@ox.io\n'), undefined)
  assert.equal(judged('Resent-To: mike@ox.io\nTo: other@x.example\n'), undefined)
})

test('RFC 5230 §4.5: mail that names the owner in none of To and Cc isn’t', () => {
  for (const fields of ['', 'To: all@ox.io\n', 'To: undisclosed-recipients:;\n', 'Subject: mike@ox.io\n'])
    assert.equal(judged(fields), 'not addressed')
})

test('RFC 3834 §2: the null sender isn’t, nor the owner', () => {
  assert.equal(judged(TO_MIKE, ''), 'null sender')
  for (const own of ['mike@ox.io', 'MK@ox.io', 'mike+x@ox.io'])
    assert.equal(judged(TO_MIKE, own), 'own address')
})

for (const sender of [
  'MAILER-DAEMON@x.example',
  'postmaster@x.example',
  'owner-list@x.example',
  'list-request@x.example',
  'list-owner@x.example',
  'listserv@x.example',
  'majordomo@x.example',
  'noreply@x.example',
  'no-reply@x.example',
  'No_Reply@x.example',
  'do-not-reply@x.example',
  'donotreply@x.example',
  'shop-noreply@x.example',
  'noreply-orders@x.example',
  'noreply+tag@x.example',
  'bounce@x.example',
  'bounces+123=mike=ox.io@x.example',
  'list-bounces@x.example',
  'list-bounces+mike=ox.io@x.example',
])
  test(`RFC 5230 §4.6: ${sender} is a program`, () => {
    assert.ok(isMachine(sender))
    assert.equal(judged(TO_MIKE, sender), 'sender is a program')
  })

for (const sender of [
  'ann@x.example',
  'norah.eply@x.example',
  'reply@x.example',
  'ownership@x.example',
  'bo.unces@x.example',
])
  test(`${sender} is a person`, () => assert.ok(!isMachine(sender)))

for (const [field, reason] of [
  ['Auto-Submitted: auto-generated', 'Auto-Submitted'],
  ['Auto-Submitted: auto-replied; owner-email="x"', 'Auto-Submitted'],
  ['auto-submitted:\n auto-notified', 'Auto-Submitted'],
  ['Auto-Submitted: nonsense', 'Auto-Submitted'],
  ['List-Id: <x.example>', 'list'],
  ['List-Unsubscribe: <mailto:x>', 'list'],
  ['List-Post: <mailto:x>', 'list'],
  ['List-Unsubscribe-Post: List-Unsubscribe=One-Click', 'list'],
  ['Precedence: bulk', 'bulk'],
  ['PRECEDENCE: List', 'bulk'],
  ['Precedence: junk', 'bulk'],
  ['X-Spam-Flag: YES', 'bulk'],
  ['X-Auto-Response-Suppress: All', 'asks for silence'],
  ['X-Auto-Response-Suppress: DR, OOF, AutoReply', 'asks for silence'],
  ['X-Autoreply: yes', 'asks for silence'],
  ['X-Autorespond: x', 'asks for silence'],
  ['X-Loop: x', 'asks for silence'],
  ['Content-Type: multipart/report; report-type=delivery-status', 'report'],
  ['Content-Type: message/disposition-notification', 'report'],
] as const)
  test(`${field} isn’t answered`, () => assert.equal(judged(`${TO_MIKE}${field}\n`), reason))

for (const field of [
  'Auto-Submitted: no',
  'Auto-Submitted: No (a comment)',
  'Precedence: first-class',
  'X-Auto-Response-Suppress: DR, RN',
  'X-Spam-Flag: NO',
  'Listing: x',
  'List-Archived-At: x',
  'Content-Type: multipart/mixed; boundary=report',
  'Subject: List-Id: <x>',
])
  test(`${field} is answered`, () => assert.equal(judged(`${TO_MIKE}${field}\n`), undefined))

test('the reply comes from the address that was written to, without its detail', () => {
  const named = (fields: string) => addressedAs(parseHeader(fields), account)
  assert.equal(named('To: MK@ox.io\r\n'), 'mk@ox.io')
  assert.equal(named('To: x@y.example\r\nCc: mike+lists@ox.io, mk@ox.io\r\n'), 'mike@ox.io')
  assert.equal(named('To: x@y.example\r\n'), undefined)
})

test('whatever a header says, it is judged without an error, in time that doesn’t explode', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 2000, unit: 'binary' }),
      fc.string({ maxLength: 500 }),
      (fields, sender) => {
        suppressedBy({ fields: parseHeader(fields), sender, account })
      },
    ),
  )
  const long = `${'bounces-'.repeat(4000)}@${'x'.repeat(1000)}`
  assert.ok(typeof isMachine(long) === 'boolean')
  assert.equal(judged(`To: ${'a@b.example, '.repeat(15_000)}mike@ox.io\n`), 'not addressed')
})
