import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { parseStructure } from './structure-parser.ts'

const kindOfMessage = (...texts: string[]): string => parseStructure(Buffer.from(texts.join('\r\n'))).kind

/** A message of one type with parts of the given types. */
const withParts = (type: string, ...parts: string[]): string =>
  kindOfMessage(
    `Content-Type: ${type}; boundary=b`,
    '',
    ...parts.flatMap((part) => ['--b', `Content-Type: ${part}`, '', 'x']),
    '--b--',
  )

const KINDS: readonly [string, string][] = [
  [kindOfMessage('Subject: a', '', 'x'), 'note'],
  [withParts('multipart/mixed', 'text/plain', 'application/pdf'), 'note'],
  [kindOfMessage('Content-Type: application/pkcs7-mime; smime-type=enveloped-data', '', 'x'), 'smime'],
  [kindOfMessage('Content-Type: application/x-pkcs7-mime; smime-type=signed-data', '', 'x'), 'smime'],
  [
    withParts(
      'multipart/signed; protocol="application/pkcs7-signature"',
      'text/plain',
      'application/pkcs7-signature',
    ),
    'smime-signed',
  ],
  [withParts('multipart/signed; protocol="application/x-pkcs7-signature"', 'text/plain'), 'smime-signed'],
  [withParts('multipart/signed', 'text/plain', 'application/pkcs7-signature'), 'smime-signed'],
  [
    withParts(
      'multipart/signed; protocol="application/pgp-signature"',
      'text/plain',
      'application/pgp-signature',
    ),
    'note',
  ],
  [
    withParts('multipart/report; report-type=delivery-status', 'text/plain', 'message/delivery-status'),
    'report',
  ],
  [withParts('multipart/report', 'text/plain', 'message/delivery-status'), 'report'],
  [
    withParts(
      'multipart/report; report-type=disposition-notification',
      'text/plain',
      'message/disposition-notification',
    ),
    'receipt',
  ],
  [withParts('multipart/report; report-type=feedback-report', 'text/plain'), 'note'],
  [kindOfMessage('Content-Type: text/calendar; method=REQUEST', '', 'x'), 'meeting-request'],
  [withParts('multipart/alternative', 'text/plain', 'text/calendar; method=request'), 'meeting-request'],
  [withParts('multipart/alternative', 'text/plain', 'text/calendar; method="CANCEL"'), 'meeting-cancel'],
  [withParts('multipart/mixed', 'text/plain', 'text/calendar; method=REPLY'), 'meeting-reply'],
  [withParts('multipart/mixed', 'text/calendar; method=COUNTER'), 'meeting-counter'],
  [withParts('multipart/mixed', 'text/plain', 'text/calendar; method=PUBLISH'), 'note'],
  [withParts('multipart/mixed', 'text/plain', 'text/calendar'), 'note'],
  [withParts('multipart/mixed', 'text/calendar; method=constructor'), 'note'],
]

for (const [number, [found, expected]] of KINDS.entries())
  test(`kind ${number}: ${expected}`, () => assert.equal(found, expected))

test('an invitation inside of an embedded message is not one to this mailbox', () => {
  const inner = ['Content-Type: text/calendar; method=REQUEST', '', 'x']
  assert.equal(kindOfMessage('Content-Type: message/rfc822', '', ...inner), 'note')
})
