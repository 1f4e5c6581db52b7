import assert from 'node:assert/strict'
import { test } from 'node:test'
import { embedded, entity, file, htmlText, message, multipart, plainText } from './message.fixture.ts'
import { MAX_SEARCH_TEXT, searchTextOf } from './search-text.ts'
import { createStructureParser } from './structure-parser.ts'

test('a search looks through subject, people, text and names of attachments', async () => {
  const letter = message(
    'From: John Doe <john@a.example>',
    'To: jane@a.example, John Doe <john@a.example>',
    'Cc: =?utf-8?Q?J=C3=B6rg?= <j@a.example>',
    'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
    multipart('mixed', 'b', plainText('Hello there'), file('report.pdf'), embedded('old mail', 'x')),
  )
  assert.deepEqual(await searchTextOf(letter), {
    subject: 'Grüße',
    participants: 'John Doe john@a.example\njane@a.example\nJörg j@a.example',
    body: 'Hello there',
    attachments: 'report.pdf\nold mail.eml',
  })
})

test('of both forms of a text only the plain one is searched', async () => {
  const letter = message(multipart('alternative', 'b', plainText('plain'), htmlText('<p>html</p>')))
  assert.equal((await searchTextOf(letter)).body, 'plain')
})

test('of HTML its words are searched, not its markup', async () => {
  const letter = message(
    htmlText('<style>p { color: red }</style><p class="secret">Hello &amp; <b>good</b>bye</p>'),
  )
  assert.equal((await searchTextOf(letter)).body.trim(), 'Hello & goodbye')
})

test('all texts of a message are searched', async () => {
  const letter = message(
    multipart('mixed', 'b', plainText('one'), file('a'), plainText('two'), htmlText('<p>three</p>')),
  )
  assert.deepEqual((await searchTextOf(letter)).body.split(/\s+/).filter(Boolean), ['one', 'two', 'three'])
})

test('text is decoded before it is searched', async () => {
  const letter = message(
    entity(
      ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      'Gr=FC=DFe',
    ),
  )
  assert.equal((await searchTextOf(letter)).body, 'Grüße')
})

test('the text of a message is bounded', async () => {
  for (const letter of [
    message(plainText('word '.repeat(1_000_000))),
    message(htmlText('<p>word</p>'.repeat(500_000))),
  ]) {
    const { body } = await searchTextOf(letter)
    assert.ok(body.length > 100_000 && body.length <= MAX_SEARCH_TEXT)
  }
})

test('a text beyond the bound is left out', async () => {
  const letter = message(multipart('mixed', 'b', plainText('x'.repeat(MAX_SEARCH_TEXT)), plainText('late')))
  assert.ok(!(await searchTextOf(letter)).body.includes('late'))
})

test('people are bounded', async () => {
  const letter = message(
    `To: ${Array.from({ length: 3000 }, (_, number) => `"${'n'.repeat(100)}" <${number}@a.example>`).join(', ')}`,
    '',
    'x',
  )
  assert.ok((await searchTextOf(letter)).participants.length <= 64 * 1024)
})

test('the text can be had while a message streams by, without reading it again', async () => {
  const letter = message(
    multipart(
      'mixed',
      'b',
      multipart('alternative', 'c', plainText('kept'), htmlText('<p>x</p>')),
      file('a'),
    ),
  )
  const parser = createStructureParser({ keptText: 1000 })
  for (let at = 0; at < letter.bytes.length; at += 10) parser.write(letter.bytes.subarray(at, at + 10))
  const parsed = parser.end()
  assert.deepEqual(await searchTextOf({ ...parsed, read: parser.readText }), await searchTextOf(letter))
})

test('of a text that was kept only in part, that part is searched', async () => {
  const letter = message(plainText('word '.repeat(1000)))
  const parser = createStructureParser({ keptText: 100 })
  parser.write(letter.bytes)
  const { body } = await searchTextOf({ ...parser.end(), read: parser.readText })
  assert.equal(body.length, 100)
})

test('a message without text has none to search', async () => {
  assert.deepEqual(await searchTextOf(message('', '')), {
    subject: '',
    participants: '',
    body: '',
    attachments: '',
  })
})
