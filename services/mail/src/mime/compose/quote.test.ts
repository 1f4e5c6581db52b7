import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyEnvelope } from '../envelope.ts'
import { type Quoting, quotedHtml, quotedPlain } from './quote.ts'

const envelope = {
  ...emptyEnvelope(),
  from: [{ name: 'John Doe', address: 'john@a.example' }],
  to: [
    { name: '', address: 'jane@a.example' },
    { name: 'Team', address: '' },
  ],
  subject: 'A <b>topic</b>',
  date: Date.UTC(2026, 2, 9, 11, 19),
}

const reply: Quoting = { verb: 'reply', envelope, locale: 'en', timeZone: 'UTC' }
const forward: Quoting = { ...reply, verb: 'forward' }

test('a reply quotes the text below a header block, each line marked', () => {
  const date = quotedPlain(reply, '').split('\r\n')[3]
  assert.match(date ?? '', /^Sent: Monday, March 9, 2026/)
  assert.equal(
    quotedPlain(reply, 'one\r\n\r\n> two\nthree  \r\n\r\n'),
    [
      '',
      '',
      'From: John Doe <john@a.example>',
      date,
      'To: jane@a.example; Team',
      'Subject: A <b>topic</b>',
      '',
      '> one',
      '>',
      '>> two',
      '> three',
      '',
    ].join('\r\n'),
  )
})

test('a forward has the text as it is', () => {
  assert.ok(quotedPlain(forward, 'one\r\n> two').endsWith('\r\n\r\none\r\n> two\r\n'))
})

test('fields that a message lacks are not in the block', () => {
  const bare: Quoting = { ...reply, envelope: { ...emptyEnvelope(), subject: 'x' } }
  assert.equal(quotedPlain(bare, 'one'), '\r\n\r\nSubject: x\r\n\r\n> one\r\n')
})

test('the labels are in the language of the writer', () => {
  assert.ok(
    quotedPlain({ ...reply, locale: 'de' }, 'x').includes('\r\nVon: John Doe <john@a.example>\r\nGesendet: '),
  )
})

test('in HTML the fields are text, never markup', () => {
  const html = quotedHtml(reply, '<p>one</p>')
  assert.ok(html.includes('<b>Subject:</b> A &lt;b&gt;topic&lt;/b&gt;<br>'))
  assert.ok(html.includes('John Doe &lt;john@a.example&gt;'))
})

test('a reply in HTML quotes the inside of the original', () => {
  const html = quotedHtml(
    reply,
    '<html><head><title>t</title></head><body class="x"><p>one</p></body></html>',
  )
  assert.ok(html.includes('<blockquote type="cite">\r\n<p>one</p>\r\n</blockquote>'))
  assert.ok(!/<body|<html|<title/.test(html))
})

test('a forward in HTML does not mark the original', () => {
  assert.ok(!quotedHtml(forward, '<p>one</p>').includes('<blockquote'))
})

test('of a thousand recipients fifty are named', () => {
  const many = {
    ...envelope,
    to: Array.from({ length: 1000 }, (_, number) => ({ name: '', address: `${number}@a.example` })),
  }
  const text = quotedPlain({ ...reply, envelope: many }, 'x')
  assert.ok(text.includes('49@a.example; …\r\n'))
  assert.ok(!text.includes('50@a.example'))
})
