import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { parameterText, parseStructured } from '../parameters.ts'
import { hasField, parameter, splitFields, withoutFields } from './entity-fields.ts'

test('fields of the content are told from those of the message, each as it stands', () => {
  const header =
    'Subject: a\r\n b\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\nTo: c\nCONTENT-ID : <x>\r\n\r\n'
  assert.deepEqual(splitFields(header), {
    message: ['Subject: a\r\n b\r\n', 'To: c\n'],
    content: ['Content-Type: text/plain;\r\n\tcharset=utf-8\r\n', 'CONTENT-ID : <x>\r\n'],
  })
})

test('lines that are no field are left out, and the last line gets its end', () => {
  assert.deepEqual(splitFields('From a@b Mon\r\nSubject: a\r\nbroken\r\nTo: b').message, [
    'Subject: a\r\n',
    'To: b\r\n',
  ])
  assert.deepEqual(splitFields(''), { content: [], message: [] })
})

test('fields are found and taken out by name, whatever its case', () => {
  const fields = ['Subject: a\r\n', 'SUBJECT : b\r\n', 'Subject-X: c\r\n']
  assert.ok(hasField(fields, 'subject'))
  assert.ok(!hasField(fields, 'sub'))
  assert.deepEqual(withoutFields(fields, ['subject']), ['Subject-X: c\r\n'])
})

test('a parameter is quoted, or percent-encoded where it is not ASCII', () => {
  assert.equal(parameter('name', 'a "b" \\c'), 'name="a \\"b\\" \\\\c"')
  assert.equal(parameter('name', 'ä b.txt'), "name*=utf-8''%C3%A4%20b.txt")
})

test('any parameter written is read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const field = Buffer.from(`a/b; ${parameter('name', text)}`).toString('latin1')
      assert.equal(parameterText(parseStructured(field), 'name'), text.replace(/^\ufeff/, ''))
    }),
  )
})
