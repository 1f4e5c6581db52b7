import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { previewOf } from './preview.ts'
import { parseStructure } from './structure-parser.ts'

const preview = (...texts: string[]): string => parseStructure(Buffer.from(texts.join('\r\n'))).preview

const alternative = (plain: string, html: string): string =>
  preview(
    'Content-Type: multipart/alternative; boundary=b',
    '',
    '--b',
    '',
    plain,
    '--b',
    'Content-Type: text/html',
    '',
    html,
    '--b--',
  )

test('a preview is the first 255 characters, white space folded', () => {
  assert.equal(preview('', '  Hello,\r\n\r\n\thow are   you?  '), 'Hello, how are you?')
  assert.equal(preview('', 'word '.repeat(100)).length, 254)
})

test('a preview is cut between two characters', () => {
  assert.ok(preview('Content-Type: text/plain; charset=utf-8', '', '😀'.repeat(300)).isWellFormed())
})

test('a preview is made of the plain text where there is one', () => {
  assert.equal(alternative('plain', '<p>html</p>'), 'plain')
})

test('a preview is made of the HTML where the plain text is empty', () => {
  assert.equal(alternative(' \r\n ', '<p>html</p>'), 'html')
})

test('a preview of HTML has no markup, style or script', () => {
  const html = `<html><head><style>${'p { color: red } '.repeat(3000)}</style></head><body><p>Hello &amp; welcome</p></body></html>`
  assert.equal(preview('Content-Type: text/html', '', html), 'Hello & welcome')
})

test('a preview is decoded', () => {
  assert.equal(
    preview(
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Gr=FC=DFe',
    ),
    'Grüße',
  )
  assert.equal(preview('Content-Transfer-Encoding: base64', '', 'R3LDvMOfZQ=='), 'Grüße')
})

test('a preview of a long text in base64 shows no half character', () => {
  const text = Buffer.from('ä€😀'.repeat(2000)).toString('base64').replace(/.{76}/g, '$&\r\n')
  const found = preview(
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    text,
  )
  assert.ok(!found.includes('\ufffd'))
  assert.ok(found.length > 250)
})

test('an attachment is no preview, nor is a text with a file name before the letter', () => {
  const text = (...fields: string[]): string[] => [...fields, '', 'attached']
  const parts = [
    '--b',
    ...text('Content-Disposition: attachment'),
    '--b',
    ...text('Content-Disposition: inline; filename=a.txt'),
    '--b',
    '',
    'letter',
    '--b--',
  ]
  assert.equal(preview('Content-Type: multipart/mixed; boundary=b', '', ...parts), 'letter')
})

test('an embedded message is the preview only where there is no other text', () => {
  const inner = ['Content-Type: message/rfc822', '', 'Subject: a', '', 'inner']
  const outer = 'Content-Type: multipart/mixed; boundary=b'
  assert.equal(preview(outer, '', '--b', ...inner, '--b', '', 'outer', '--b--'), 'outer')
  assert.equal(preview(outer, '', '--b', ...inner, '--b--'), 'inner')
})

test('of several embedded messages the first is the preview', () => {
  const inner = (text: string): string[] => [
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: a',
    '',
    text,
  ]
  assert.equal(
    preview('Content-Type: multipart/mixed; boundary=b', '', ...inner('first'), ...inner('second'), '--b--'),
    'first',
  )
})

test('a part of several texts is the preview of the first', () => {
  const part = (text: string): string[] => ['--b', '', text]
  assert.equal(
    preview('Content-Type: multipart/mixed; boundary=b', '', ...part('first'), ...part('second'), '--b--'),
    'first',
  )
})

test('the text before the first delimiter is no preview of a message that has parts', () => {
  const outer = 'Content-Type: multipart/mixed; boundary=b'
  assert.equal(
    preview(outer, '', 'This is a multi-part message in MIME format.', '--b', '', 'letter', '--b--'),
    'letter',
  )
})

test('what newsletters pad their first line with is no preview', () => {
  assert.equal(previewOf('Sale\u00a0\u034f \u200c\u00a0\u034f \u200c\u00ad\ufeff now'), 'Sale now')
})

test('joiners inside of words stay: Persian and emoji need them', () => {
  assert.equal(previewOf('می\u200cخواهم 👩\u200d💻'), 'می\u200cخواهم 👩\u200d💻')
})

test('a message without text has no preview', () => {
  assert.equal(preview('Content-Type: application/pdf', '', 'x'), '')
  assert.equal(preview('Subject: a', '', ''), '')
})
