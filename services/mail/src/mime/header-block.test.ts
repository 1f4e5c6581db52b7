import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstField, joinedFields, readHeaderBlock } from './header-block.ts'

const names = (text: string): string[] => readHeaderBlock(text).fields.map(({ name }) => name)
const bodyAt = (text: string): number => readHeaderBlock(text).bodyAt

test('fields have their names in lower case and their values without white space around', () => {
  assert.deepEqual(readHeaderBlock('SUBJECT:  a b \r\nTo:c\r\n').fields, [
    { name: 'subject', value: 'a b' },
    { name: 'to', value: 'c' },
  ])
})

test('a fold belongs to the field before it, also a white one (RFC 5322 §2.2.3)', () => {
  assert.deepEqual(readHeaderBlock('Subject: a\r\n b\r\n\t\r\n c\nTo: d').fields, [
    { name: 'subject', value: 'a\r\n b\r\n\t\r\n c' },
    { name: 'to', value: 'd' },
  ])
})

test('white space before the colon is allowed (RFC 5322 §4.5)', () => {
  assert.deepEqual(names('Subject \t: a\r\n'), ['subject'])
})

test('fields that nobody needs are left out', () => {
  assert.deepEqual(names('X-A: 1\r\nSubject: a\r\nDKIM-Signature: v=1\r\n'), ['subject'])
})

test('a field without a value is one', () => {
  assert.deepEqual(readHeaderBlock('Subject:\r\nTo:\r\n').fields, [
    { name: 'subject', value: '' },
    { name: 'to', value: '' },
  ])
})

test('of two fields of one name the first counts', () => {
  const { fields } = readHeaderBlock('Subject: a\r\nSubject: b\r\n')
  assert.equal(firstField(fields, 'subject'), 'a')
  assert.equal(firstField(fields, 'to'), undefined)
})

test('lists of addresses that are repeated are one list', () => {
  const { fields } = readHeaderBlock('To: a\r\nCc: x\r\nTo: b\r\n')
  assert.equal(joinedFields(fields, 'to', ','), 'a,b')
  assert.equal(joinedFields(fields, 'bcc', ','), '')
})

test('the line of an mbox before the fields is skipped', () => {
  const text = 'From a@b Wed Mar  9 11:19:45 2011\r\nSubject: a\r\n'
  assert.deepEqual(names(text), ['subject'])
  assert.equal(bodyAt(text), -1)
})

test('a line that is none, with fields behind it, is skipped', () => {
  const text = 'Subject: a\r\nlost its space\r\nTo: b\r\n'
  assert.deepEqual(names(text), ['subject', 'to'])
  assert.equal(bodyAt(text), -1)
})

test('a line that is none, with only unknown fields of headers behind it, is skipped', () => {
  assert.equal(bodyAt('Subject: a\r\nlost its space\r\nX-Mailer: b\r\n'), -1)
})

test('a line that is none, with no field behind it, begins the body: the empty line is missing', () => {
  assert.equal(bodyAt('Subject: a\r\nHello,\r\nhow are you?\r\n'), 12)
  assert.equal(bodyAt('Hello, this has no header.'), 0)
})

test('a line of a text that looks like a field of nobody begins no header', () => {
  assert.equal(bodyAt('Subject: a\r\nHello,\r\nNote: this is text\r\n'), 12)
})

test('a name is printable ASCII: neither a mark before it nor another alphabet makes it another field', () => {
  assert.deepEqual(names('\xef\xbb\xbfFrom: a\r\n\xa0From: b\r\nFro\xc2\xadm: c\r\nFrom: d\r\n'), ['from'])
  assert.equal(firstField(readHeaderBlock('\xa0From: a\r\nFrom: b\r\n').fields, 'from'), 'b')
})

test('a name of hundreds of characters is none', () => {
  assert.deepEqual(names(`${'a'.repeat(300)}: b\r\nSubject: c\r\n`), ['subject'])
})

test('a fold without a field before it is no field', () => {
  assert.deepEqual(names(' fold\r\nSubject: a\r\n'), ['subject'])
})

test('nothing has no fields and no body', () => {
  assert.deepEqual(readHeaderBlock(''), { fields: [], bodyAt: -1 })
})

test('any text gives some fields, and a body inside of it or none', () => {
  const pieces = fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    'Subject',
    'To',
    'x',
    '\xff',
    '--',
    'From ',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 50 }), (texts) => {
      const text = texts.join('')
      const block = readHeaderBlock(text)
      assert.ok(block.bodyAt >= -1 && block.bodyAt <= text.length)
    }),
  )
})
