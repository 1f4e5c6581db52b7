import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRequestLine } from '../http/request-line.ts'
import { el } from '../wbxml/node.ts'
import { bytesOf, child, has, textChild } from '../wbxml/read.ts'
import { bodyIsMessage, messageDocument } from './raw-message.ts'

const mime = Buffer.from('Message-ID: <1@x>\r\nSubject: x\r\n\r\nHi\r\n')

const documentOf = (query: string, message: Buffer = mime) => {
  const line = parseRequestLine(query)
  return messageDocument(line.command, line, message)
}

describe('a message as it is', () => {
  test('is the body of the three commands that send, and only before 14.0 ([CMD 4813])', () => {
    for (const command of ['SendMail', 'SmartReply', 'SmartForward']) {
      for (const version of [25, 120, 121] as const) assert.ok(bodyIsMessage(command, version))
      for (const version of [140, 141, 160, 161] as const) assert.ok(!bodyIsMessage(command, version))
    }
    assert.ok(!bodyIsMessage('Sync', 25))
  })
  test('is read as the document that later clients send', () => {
    const body = documentOf('Cmd=SendMail&SaveInSent=T')
    assert.equal(body.tag, 'composemail:SendMail')
    assert.ok(has(body, 'composemail:SaveInSentItems') && !has(body, 'composemail:Source'))
    assert.deepEqual(Buffer.from(bytesOf(child(body, 'composemail:Mime')!)), mime)
    assert.ok(!has(documentOf('Cmd=SendMail'), 'composemail:SaveInSentItems'))
  })
  test('names what it answers or forwards in the query', () => {
    const body = documentOf('Cmd=SmartForward&CollectionId=inbox&ItemId=a1&Occurrence=o')
    assert.deepEqual(
      child(body, 'composemail:Source'),
      el('composemail:Source', [
        el('composemail:FolderId', 'inbox'),
        el('composemail:ItemId', 'a1'),
        el('composemail:InstanceId', 'o'),
      ]),
    )
    const byLongId = child(documentOf('Cmd=SmartReply&LongId=l'), 'composemail:Source')
    assert.equal(textChild(byLongId, 'composemail:LongId'), 'l')
  })
})

describe('sent again', () => {
  const idOf = (message: string) =>
    textChild(documentOf('Cmd=SendMail', Buffer.from(message)), 'composemail:ClientId')
  test('it is the same if it has an id or a time', () => {
    for (const message of ['Message-ID: <1@x>\r\n\r\nHi', 'date: Mon, 5 Jan 2026 09:00:00 +0000\r\n\r\nHi'])
      assert.equal(idOf(message), idOf(message))
  })
  test('it is another one if it has neither: two short notes may well be alike', () => {
    for (const message of ['Subject: x\r\n\r\nDate: no field', '', 'Subject: x'])
      assert.notEqual(idOf(message), idOf(message))
  })
})
