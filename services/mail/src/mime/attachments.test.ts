import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { attachmentsOf } from './attachments.ts'
import { embedded, entity, file, htmlText, image, message, multipart, plainText } from './message.fixture.ts'
import { stubMessage } from './parsed-message.ts'

const attached = (...parts: string[]) =>
  attachmentsOf(message(multipart('mixed', 'b', plainText('x'), ...parts)).structure)
const names = (...parts: string[]): string[] => attached(...parts).map(({ name }) => name)

test('an attachment has a number, a name, a type and its decoded size', () => {
  assert.deepEqual(attached(file('a.pdf', 'application/pdf')), [
    {
      part: '2',
      name: 'a.pdf',
      type: 'application/pdf',
      method: 'normal',
      size: 3,
      contentId: '',
      contentLocation: '',
      inline: false,
      clientId: '',
    },
  ])
})

test('an image of the text has its Content-ID, and is inline', () => {
  const structure = message(multipart('related', 'b', htmlText('<img src="cid:x">'), image('x'))).structure
  const [shown] = attachmentsOf(structure)
  assert.deepEqual([shown?.inline, shown?.contentId, shown?.name], [true, 'x', 'attachment-2.png'])
})

test('an embedded message has method 5 in EAS and a name that ends in .eml, which Android and Windows Phone need', () => {
  const [found] = attached(embedded('Grüße: 1/2', 'x'))
  assert.deepEqual([found?.method, found?.type], ['message', 'message/rfc822'])
  assert.ok(found?.name.endsWith('.eml'))
})

test('an embedded message is named by its file name, else its subject, else as what it is', () => {
  const named = entity(['Content-Type: message/rfc822; name="old mail"'], 'Subject: s', '', 'x')
  assert.deepEqual(
    names(
      named,
      embedded('A subject', 'x'),
      embedded('', 'x'),
      entity(['Content-Type: message/rfc822; name=a.EML'], 'x'),
    ),
    ['old mail.eml', 'A subject.eml', 'message.eml', 'a.EML'],
  )
})

test('an embedded message in base64 is one too, with its decoded size', () => {
  const encoded = entity(
    ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64'],
    Buffer.from('Subject: a\r\n\r\nx').toString('base64'),
  )
  const [found] = attached(encoded)
  assert.deepEqual([found?.method, found?.size, found?.name], ['message', 15, 'message.eml'])
})

test('what is inside of an embedded message is not listed', () => {
  const inner = multipart('mixed', 'c', plainText('x'), file('inner.pdf'))
  assert.deepEqual(names(entity(['Content-Type: message/rfc822'], 'Subject: s', inner)), ['s.eml'])
})

test('parts without a name have one by their type', () => {
  const unnamed = (type: string): string => entity([`Content-Type: ${type}`], 'x')
  assert.deepEqual(
    names(
      unnamed('application/pdf'),
      unnamed('application/x-unheard-of'),
      unnamed('text/calendar'),
      unnamed('application/ms-tnef'),
    ),
    ['attachment-2.pdf', 'attachment-3.bin', 'invite.ics', 'winmail.dat'],
  )
})

test('names are fit for a file system', () => {
  assert.deepEqual(names(file('../../a/b\\c.txt'), file('a:b.txt'), file('..')), [
    'c.txt',
    'a_b.txt',
    'attachment-4.bin',
  ])
})

test('winmail.dat stays what it is', () => {
  const [found] = attached(file('winmail.dat', 'application/ms-tnef'))
  assert.deepEqual(
    [found?.name, found?.type, found?.method],
    ['winmail.dat', 'application/ms-tnef', 'normal'],
  )
})

test('a message that is a file has it as its part 1', () => {
  const [found] = attachmentsOf(message(file('a.pdf', 'application/pdf')).structure)
  assert.deepEqual([found?.part, found?.name], ['1', 'a.pdf'])
})

test('a stub has its own bytes attached', () => {
  const stub = stubMessage(1234, 'parsing took too long')
  assert.equal(stub.defect, 'parsing took too long')
  const [found] = attachmentsOf(stub.structure)
  assert.deepEqual(
    [found?.part, found?.name, found?.method, found?.size],
    ['1', 'message.eml', 'message', 1234],
  )
})

test('a letter has no attachments', () => {
  assert.deepEqual(attachmentsOf(message(plainText('x')).structure), [])
})
