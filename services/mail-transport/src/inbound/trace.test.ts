import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receivedField, returnPathField } from './trace.ts'

const TRACE = {
  helo: 'mx.example',
  clientAddress: '192.0.2.1',
  server: 'relais.example',
  protocol: 'ESMTPS',
  id: 'abc',
  at: Date.UTC(2026, 10, 6, 9, 8, 7),
}

test('a Received field says from, by, with, id and when', () => {
  assert.equal(
    receivedField(TRACE),
    'Received: from mx.example ([192.0.2.1])\r\n\tby relais.example with ESMTPS id abc;\r\n\tFri, 06 Nov 2026 09:08:07 +0000\r\n',
  )
})

test('an IPv6 client stands as an IPv6 literal, a silent one as unknown', () => {
  assert.match(
    receivedField({ ...TRACE, clientAddress: '2001:db8::1', helo: '' }),
    /from unknown \(\[IPv6:2001:db8::1\]\)/,
  )
})

test('a client name can not add fields', () => {
  const field = receivedField({ ...TRACE, helo: 'x\r\nBcc: everybody@example\r\n\r\n' })
  assert.equal(field.split('\r\n').length, 4)
  assert.equal(returnPathField('a@b>\r\nX: y'), 'Return-Path: <a@bX:y>\r\n')
})

test('a null sender is an empty path', () => {
  assert.equal(returnPathField(''), 'Return-Path: <>\r\n')
})
