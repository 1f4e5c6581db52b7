import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { attachmentsOf } from '../attachments.ts'
import { bodyOf } from '../body-parts.ts'
import {
  file,
  htmlText,
  image,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from '../message.fixture.ts'
import { stubMessage } from '../parsed-message.ts'
import { renderText } from '../render-text.ts'
import { decodeWhole } from '../transfer.ts'
import { type Composition, composeMessage } from './compose.ts'

const BOUNDARY = 'q7Zk3vXw9LmT2sRb'

const compose = async (
  verb: Composition['verb'],
  written: TestMessage,
  original: TestMessage,
): Promise<TestMessage> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of composeMessage({
    verb,
    written,
    original,
    locale: 'en',
    timeZone: 'UTC',
    boundary: BOUNDARY,
  }))
    chunks.push(chunk)
  return messageOf(Buffer.concat(chunks))
}

const textOf = async (letter: TestMessage, format: 'plain' | 'html'): Promise<string> => {
  const { bytes } = await renderText({
    body: bodyOf(letter.structure),
    read: letter.read,
    format,
    wanted: 4_000_000,
  })
  return Buffer.from(bytes).toString()
}

const types = (part: Part): string =>
  part.parts.length === 0 ? part.type : `${part.type}(${part.parts.map(types).join(' ')})`

const ORIGINAL = [
  'From: John Doe <john@a.example>',
  'To: me@a.example',
  'Subject: Topic',
  'Message-ID: <2@a.example>',
  'References: <1@a.example>',
  'Date: Mon, 9 Mar 2026 11:19:00 +0000',
]
const WRITTEN = ['From: me@a.example', 'To: john@a.example', 'Subject: Re: Topic', 'MIME-Version: 1.0']

const original = message(...ORIGINAL, plainText('original text'))
const originalHtml = message(...ORIGINAL, htmlText('<html><body><p>original <b>HTML</b></p></body></html>'))
const originalBoth = message(
  ...ORIGINAL,
  multipart('alternative', 'o', plainText('original plain'), htmlText('<p>original HTML</p>')),
)
const written = message(...WRITTEN, plainText('my text'))
const writtenHtml = message(...WRITTEN, htmlText('<html><body><p>my HTML</p></body></html>'))
const writtenBoth = message(
  ...WRITTEN,
  multipart('alternative', 'w', plainText('my text'), htmlText('<body><p>my HTML</p></body>')),
)

test('a reply in plain text has the original below what was written', async () => {
  const text = await textOf(await compose('reply', written, original), 'plain')
  assert.ok(text.startsWith('my text\r\n\r\nFrom: John Doe <john@a.example>\r\nSent: '))
  assert.ok(text.endsWith('\r\n\r\n> original text\r\n'))
})

test('a reply in HTML has the original inside of the document, at its end', async () => {
  const html = await textOf(await compose('reply', writtenHtml, originalHtml), 'html')
  assert.ok(html.startsWith('<html><body><p>my HTML</p>'))
  assert.match(html, /<blockquote type="cite">\s*<p>original <b>HTML<\/b><\/p>\s*<\/blockquote>/)
  assert.ok(html.endsWith('</body></html>'))
})

test('a reply in both forms has the original in both', async () => {
  const reply = await compose('reply', writtenBoth, originalBoth)
  assert.equal(types(reply.structure), 'multipart/alternative(text/plain text/html)')
  assert.match(await textOf(reply, 'plain'), /^my text\r\n[\s\S]*> original plain\r\n$/)
  assert.match(await textOf(reply, 'html'), /my HTML[\s\S]*<p>original HTML<\/p>/)
})

test('a reply in plain text to HTML quotes its text, one in HTML to plain text its lines', async () => {
  assert.match(await textOf(await compose('reply', written, originalHtml), 'plain'), /> original HTML\r\n$/)
  assert.match(
    await textOf(await compose('reply', writtenHtml, message(...ORIGINAL, plainText('a < b\r\nc'))), 'html'),
    /a &lt; b<br>\r\nc/,
  )
})

test('what was written stays, character for character, in any character set', async () => {
  const latin = message(
    ...WRITTEN,
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Gr\xfc\xdfe, 20 \x80',
  )
  const chinese = message(
    ...ORIGINAL,
    'Content-Type: text/plain; charset=gb2312',
    'Content-Transfer-Encoding: base64',
    '',
    'xOO6ww==',
  )
  const text = await textOf(await compose('reply', latin, chinese), 'plain')
  assert.ok(text.startsWith('Grüße, 20 €\r\n'))
  assert.ok(text.endsWith('> 你好\r\n'))
})

test('the composed text passes 7-bit servers', async () => {
  for (const reply of [
    await compose(
      'reply',
      messageOf(Buffer.from([...WRITTEN, plainText('Grüße € 你好')].join('\r\n'))),
      original,
    ),
    await compose('reply', writtenHtml, originalHtml),
  ]) {
    assert.ok(!reply.has8Bit)
    assert.ok(
      Math.max(
        ...reply.bytes
          .toString('latin1')
          .split('\r\n')
          .map((line) => line.length),
      ) <= 998,
    )
  }
})

test('fields of the phone stay as they are, in their order, and those of a thread are added (RFC 5322 §3.6.4)', async () => {
  const { bytes, envelope } = await compose('reply', written, original)
  assert.ok(
    bytes
      .toString()
      .startsWith(
        `${WRITTEN.join('\r\n')}\r\nIn-Reply-To: <2@a.example>\r\nReferences: <1@a.example>\r\n <2@a.example>\r\n`,
      ),
  )
  assert.deepEqual(
    [envelope.inReplyTo, envelope.references],
    ['<2@a.example>', ['<1@a.example>', '<2@a.example>']],
  )
})

test('fields of a thread that the phone has written are not added', async () => {
  const { envelope } = await compose(
    'reply',
    message('In-Reply-To: <9@x>', 'References: <8@x>', plainText('x')),
    original,
  )
  assert.deepEqual([envelope.inReplyTo, envelope.references], ['<9@x>', ['<8@x>']])
})

test('without References the field In-Reply-To of the original is the thread', async () => {
  const answer = message('Message-ID: <2@x>', 'In-Reply-To: <1@x>', plainText('x'))
  assert.deepEqual((await compose('reply', written, answer)).envelope.references, ['<1@x>', '<2@x>'])
})

test('an original without a Message-ID makes no thread', async () => {
  const { bytes } = await compose('reply', written, message('Subject: a', '', 'x'))
  assert.ok(!/in-reply-to|references/i.test(bytes.toString()))
})

test('MIME-Version is there even if the phone left it out', async () => {
  const { bytes } = await compose('reply', message('Subject: a', '', 'x'), original)
  assert.equal(bytes.toString().match(/^MIME-Version: 1\.0\r$/gm)?.length, 1)
})

test('a long thread keeps its first and its last messages', async () => {
  const ids = Array.from({ length: 90 }, (_, number) => `<${number}@x>`)
  const long = message(`References: ${ids.join(' ')}`, 'Message-ID: <last@x>', '', 'x')
  const { references } = (await compose('reply', written, long)).envelope
  assert.deepEqual([references.length, references[0], references.at(-1)], [32, '<0@x>', '<last@x>'])
})

test('attachments of the phone stay byte for byte, also in a reply', async () => {
  const reply = await compose(
    'reply',
    message(...WRITTEN, multipart('mixed', 'w', plainText('my text'), file('a.pdf'))),
    original,
  )
  assert.equal(types(reply.structure), 'multipart/mixed(text/plain application/octet-stream)')
  const part = reply.structure.parts[1] as Part
  assert.equal(reply.bytes.toString('latin1', part.headerStart, part.bodyEnd), file('a.pdf'))
})

test('a reply brings no attachments of the original', async () => {
  const reply = await compose(
    'reply',
    written,
    message(...ORIGINAL, multipart('mixed', 'o', plainText('x'), file('a.pdf'))),
  )
  assert.deepEqual(attachmentsOf(reply.structure), [])
})

const showing = (html: string, ...images: string[]) =>
  message(...ORIGINAL, multipart('related', 'o', htmlText(html), ...images))

test('a reply in HTML keeps the images that the quoted text shows, byte for byte (RFC 2387)', async () => {
  const reply = await compose('reply', writtenHtml, showing('<img src="cid:x">', image('x'), image('unseen')))
  assert.equal(types(reply.structure), 'multipart/related(text/html image/png)')
  assert.match(await textOf(reply, 'html'), /<img src="cid:x">/)
  const part = reply.structure.parts[1] as Part
  assert.equal(reply.bytes.toString('latin1', part.headerStart, part.bodyEnd), image('x'))
})

test('a reply in both forms has the images with its HTML; one in plain text has none', async () => {
  const original = showing('<img src="cid:x">', image('x'))
  assert.equal(
    types((await compose('reply', writtenBoth, original)).structure),
    'multipart/related(multipart/alternative(text/plain text/html) image/png)',
  )
  assert.equal(types((await compose('reply', written, original)).structure), 'text/plain')
})

test('images are found by percent-encoded ids, in quotes of either kind or none', async () => {
  for (const src of ["'cid:a%40b'", 'cid:a%40b', '"CID:a@b"']) {
    const reply = await compose('reply', writtenHtml, showing(`<img src=${src}>`, image('a@b')))
    assert.equal(types(reply.structure), 'multipart/related(text/html image/png)', src)
  }
})

test('an image that the phone has sent itself is there once', async () => {
  const own = message(...WRITTEN, multipart('related', 'w', htmlText('<img src="cid:x">'), image('x')))
  const reply = await compose('reply', own, showing('<img src="cid:x">', image('x')))
  assert.equal(attachmentsOf(reply.structure).length, 1)
})

test('attachments of the phone stay beside the images of the quote', async () => {
  const own = message(...WRITTEN, multipart('mixed', 'w', htmlText('<p>mine</p>'), file('a.pdf')))
  const reply = await compose('reply', own, showing('<img src="cid:x">', image('x')))
  assert.deepEqual(
    attachmentsOf(reply.structure).map(({ name, contentId }) => name || contentId),
    ['a.pdf', 'x'].map((one) => (one === 'x' ? attachmentsOf(reply.structure)[1]!.name || 'x' : one)),
  )
})

test('hostile references to images are no references', async () => {
  for (const html of [`<img src="cid:${'x'.repeat(5000)}">`, '<img src="cid:%">', '<img src="cid:">'])
    assert.equal(
      types((await compose('reply', writtenHtml, showing(html, image('y')))).structure),
      'text/html',
    )
})

test('a forward has the original text, and its attachments byte for byte', async () => {
  const forwarded = await compose(
    'forward',
    written,
    message(...ORIGINAL, multipart('mixed', 'o', plainText('original text'), file('a.pdf'), file('b.pdf'))),
  )
  assert.equal(
    types(forwarded.structure),
    'multipart/mixed(text/plain application/octet-stream application/octet-stream)',
  )
  assert.match(await textOf(forwarded, 'plain'), /^my text\r\n[\s\S]*\r\n\r\noriginal text\r\n$/)
  const part = forwarded.structure.parts[2] as Part
  assert.equal(forwarded.bytes.toString('latin1', part.headerStart, part.bodyEnd), file('b.pdf'))
})

test('a forward in HTML keeps the images of the original where its text shows them (RFC 2387)', async () => {
  const shown = message(...ORIGINAL, multipart('related', 'o', htmlText('<img src="cid:x">'), image('x')))
  const forwarded = await compose('forward', writtenHtml, shown)
  assert.equal(
    types(forwarded.structure),
    'multipart/mixed(multipart/related(text/html image/png))'.replace('multipart/mixed(', '').slice(0, -1),
  )
  assert.match(await textOf(forwarded, 'html'), /<img src="cid:x">/)
  assert.deepEqual(
    attachmentsOf(forwarded.structure).map(({ inline, contentId }) => [inline, contentId]),
    [[true, 'x']],
  )
})

test('a forward in HTML with images and files has both', async () => {
  const shown = message(
    ...ORIGINAL,
    multipart(
      'mixed',
      'n',
      multipart('related', 'o', htmlText('<img src="cid:x">'), image('x')),
      file('a.pdf'),
    ),
  )
  const forwarded = await compose('forward', writtenBoth, shown)
  assert.equal(
    types(forwarded.structure),
    'multipart/mixed(multipart/related(multipart/alternative(text/plain text/html) image/png) application/octet-stream)',
  )
})

test('a forward in plain text has the images of the original as files', async () => {
  const shown = message(...ORIGINAL, multipart('related', 'o', htmlText('<img src="cid:x">'), image('x')))
  assert.equal(
    types((await compose('forward', written, shown)).structure),
    'multipart/mixed(text/plain image/png)',
  )
})

test('a forward of a forward keeps embedded messages', async () => {
  const inner = ['Content-Type: message/rfc822', '', 'Subject: inner', '', 'inner text'].join('\r\n')
  const forwarded = await compose(
    'forward',
    written,
    message(...ORIGINAL, multipart('mixed', 'o', plainText('x'), inner)),
  )
  assert.equal(types(forwarded.structure), 'multipart/mixed(text/plain message/rfc822(text/plain))')
})

test('a forward without attachments is a letter', async () => {
  assert.equal(types((await compose('forward', written, original)).structure), 'text/plain')
})

test('binary parts of the original are encoded: they would not pass SMTP (RFC 3030)', async () => {
  const binary = ['Content-Type: application/x', 'Content-Transfer-Encoding: binary', '', '\0\xff\r\n'].join(
    '\r\n',
  )
  const forwarded = await compose(
    'forward',
    written,
    message(...ORIGINAL, multipart('mixed', 'o', plainText('x'), binary)),
  )
  const part = forwarded.structure.parts[1] as Part
  assert.equal(part.encoding, 'base64')
  assert.deepEqual(
    Buffer.from(decodeWhole(forwarded.bytes.subarray(part.bodyStart, part.bodyEnd), 'base64')),
    Buffer.from('\0\xff\r\n', 'latin1'),
  )
})

const signed = (header: readonly string[]): TestMessage =>
  message(
    ...header,
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=s',
    '',
    '--s',
    plainText('signed text'),
    '--s',
    'Content-Type: application/pkcs7-signature; name=smime.p7s',
    '',
    'x',
    '--s--',
  )
const encrypted = (header: readonly string[]): TestMessage =>
  message(
    ...header,
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data',
    'Content-Transfer-Encoding: base64',
    '',
    'eA==',
  )

test('S/MIME of the original is forwarded as a message of its own, byte for byte: its signature stays good', async () => {
  const source = signed(ORIGINAL)
  const forwarded = await compose('forward', written, source)
  assert.equal(
    types(forwarded.structure),
    'multipart/mixed(text/plain message/rfc822(multipart/signed(text/plain application/pkcs7-signature)))',
  )
  const part = forwarded.structure.parts[1] as Part
  assert.deepEqual(forwarded.bytes.subarray(part.bodyStart, part.bodyEnd), source.bytes)
  assert.equal(attachmentsOf(forwarded.structure)[0]?.name, 'Topic.eml')
})

test('a reply to a signed message quotes its text', async () => {
  assert.match(await textOf(await compose('reply', written, signed(ORIGINAL)), 'plain'), /> signed text\r\n$/)
})

test('a reply to an encrypted message quotes nothing of it', async () => {
  const text = await textOf(await compose('reply', written, encrypted(ORIGINAL)), 'plain')
  assert.ok(text.startsWith('my text\r\n\r\nFrom: John Doe'))
  assert.ok(!text.includes('>  '))
})

test('nothing is put into what the phone has signed, nor beside what it has encrypted', async () => {
  for (const [verb, sealed] of [
    ['reply', signed(WRITTEN)],
    ['reply', encrypted(WRITTEN)],
    ['forward', encrypted(WRITTEN)],
  ] as const) {
    const sent = await compose(verb, sealed, original)
    assert.equal(types(sent.structure), types(sealed.structure))
    assert.deepEqual(
      sent.bytes.subarray(sent.structure.bodyStart),
      sealed.bytes.subarray(sealed.structure.bodyStart),
    )
  }
})

test('a forward that the phone has signed has the original beside it', async () => {
  const forwarded = await compose('forward', signed(WRITTEN), original)
  assert.equal(
    types(forwarded.structure),
    'multipart/mixed(multipart/signed(text/plain application/pkcs7-signature) message/rfc822(text/plain))',
  )
})

test('a phone that sends no text gets the original as a text of its own', async () => {
  const reply = await compose('reply', message(...WRITTEN, file('a.pdf')), original)
  assert.equal(types(reply.structure), 'multipart/mixed(application/octet-stream text/plain)')
  assert.match(await textOf(reply, 'plain'), /> original text\r\n$/)
})

test('an empty message of the phone is a text to add to', async () => {
  const reply = await compose('reply', message(...WRITTEN, '', ''), original)
  assert.match(await textOf(reply, 'plain'), /^\r\n\r\nFrom: John Doe/)
})

test('a message that could not be parsed is forwarded as it is', async () => {
  const bytes = Buffer.from('whatever this is')
  const stub = {
    ...stubMessage(bytes.length, 'parsing failed'),
    bytes,
    read: (start: number, end: number) => bytes.subarray(start, end),
  }
  const forwarded = await compose('forward', written, stub)
  const part = forwarded.structure.parts[1] as Part
  assert.deepEqual(
    [part.type, forwarded.bytes.toString('latin1', part.bodyStart, part.bodyEnd)],
    ['message/rfc822', 'whatever this is'],
  )
})

test('soft line breaks of the phone stay soft, and none is made of the original (RFC 3676)', async () => {
  const flowed = message(
    ...WRITTEN,
    'Content-Type: text/plain; format=flowed; charset=utf-8',
    '',
    'one \r\ntwo',
  )
  const reply = await compose('reply', flowed, message(...ORIGINAL, plainText('From here \r\n indented')))
  assert.equal(reply.structure.parameters.format, 'flowed')
  const text = await textOf(reply, 'plain')
  assert.ok(text.startsWith('one two\r\n'))
  assert.ok(
    text.endsWith('> From here\r\n>  indented') || text.endsWith('> From here\r\n>  indented\r\n'),
    JSON.stringify(text.slice(-40)),
  )
})

test('of a huge original the beginning is quoted, and the end is marked', async () => {
  const huge = message(...ORIGINAL, plainText('line of text\r\n'.repeat(200_000)))
  const text = await textOf(await compose('reply', written, huge), 'plain')
  assert.ok(text.length > 1_000_000 && text.length < 2_000_000)
  assert.ok(text.trimEnd().endsWith('> […]'))
})

test('of a part with a huge header only its beginning is read', async () => {
  const huge = message(
    ...ORIGINAL,
    multipart(
      'mixed',
      'o',
      plainText('x'),
      [`Content-Type: application/x; name=a.bin`, `X: ${'y'.repeat(5_000_000)}`, '', 'z'].join('\r\n'),
    ),
  )
  let largest = 0
  const read = (start: number, end: number): Uint8Array => {
    largest = Math.max(largest, end - start)
    return huge.bytes.subarray(start, end)
  }
  const forwarded = await compose('forward', written, { ...huge, read })
  assert.equal(attachmentsOf(forwarded.structure)[0]?.name, 'a.bin')
  assert.ok(largest <= 1024 * 1024)
})

test('a huge attachment is passed through window by window', async () => {
  const huge = message(
    ...ORIGINAL,
    multipart(
      'mixed',
      'o',
      plainText('x'),
      ['Content-Type: application/x', '', 'y'.repeat(3_000_000)].join('\r\n'),
    ),
  )
  let largest = 0
  const composition: Composition = {
    verb: 'forward',
    written,
    original: huge,
    locale: 'en',
    timeZone: 'UTC',
    boundary: BOUNDARY,
  }
  let length = 0
  for await (const chunk of composeMessage(composition)) {
    largest = Math.max(largest, chunk.length)
    length += chunk.length
  }
  assert.ok(length > 3_000_000)
  assert.ok(largest < 100_000, `${largest} bytes at once`)
})

test('what reading fails with is what composing fails with', async () => {
  const gone = { ...original, read: () => Promise.reject(new Error('gone')) }
  await assert.rejects(compose('reply', written, gone), /gone/)
})

test('a field of a subject that smuggles line ends adds no field', async () => {
  const evil = message('Message-ID: <a\r\n\tb@x>', 'Subject: =?utf-8?Q?a=0D=0ABcc:_x@y?=', '', 'x')
  const reply = await compose('reply', written, evil)
  assert.deepEqual(reply.envelope.bcc, [])
  assert.equal(reply.envelope.inReplyTo, '<ab@x>')
})
