import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { MessageContent, type Part } from '@relais/proto/mail/v1/message.ts'
import { attachmentsOf } from './attachments.ts'
import { bodyOf } from './body-parts.ts'
import { checkParsed } from './fuzz.fixture.ts'
import { htmlText } from './html-text.ts'
import { htmlToPlain } from './html-to-plain.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ParsedMessage } from './parsed-message.ts'
import { renderBody } from './render-body.ts'
import { createStructureParser, parseStructure } from './structure-parser.ts'

/**
 * Each of these takes minutes or all memory in a parser that does anything twice; the limit is there to end the run, not to measure.
 * Where a known vulnerability of another program was like it, its number is given.
 */
const GUARD = { timeout: 60_000 }

const parse = (text: string): ParsedMessage => {
  const bytes = Buffer.from(text, 'latin1')
  const parsed = parseStructure(bytes)
  checkParsed(parsed, bytes)
  return parsed
}

const depthOf = (part: Part): number => 1 + Math.max(0, ...part.parts.map(depthOf))
const countOf = (part: Part): number => part.parts.reduce((count, child) => count + countOf(child), 1)

test(
  '100,000 multiparts in multiparts are 33 deep, the rest is one opaque part (CVE-2020-12100)',
  GUARD,
  () => {
    const levels = Array.from(
      { length: 100_000 },
      (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
    )
    const { structure, anomalies } = parse(levels.join(''))
    assert.equal(depthOf(structure), DEFAULT_LIMITS.depth + 1)
    assert.ok(anomalies.includes('nested-too-deep'))
  },
)

test('100,000 messages in messages are 33 deep', GUARD, () => {
  const { structure } = parse('Content-Type: message/rfc822\r\n\r\n'.repeat(100_000))
  assert.equal(depthOf(structure), DEFAULT_LIMITS.depth + 1)
})

test('100,000 parts become 1,000, and the last ones are still in the message', GUARD, () => {
  const parts = '--b\r\n\r\nx\r\n'.repeat(100_000)
  const { structure, anomalies, size } = parse(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`,
  )
  assert.equal(countOf(structure), DEFAULT_LIMITS.parts)
  assert.equal(structure.bodyEnd, size)
  assert.ok(anomalies.includes('too-many-parts'))
})

test('a million header lines are skipped beyond the first 256 KiB (CVE-2024-23185)', GUARD, () => {
  const { envelope, anomalies, preview } = parse(
    `Subject: first\r\n${'X-Filler: y\r\n'.repeat(1_000_000)}To: late@example.org\r\n\r\nbody`,
  )
  assert.equal(envelope.subject, 'first')
  assert.deepEqual(envelope.to, [], 'what lies beyond is not read')
  assert.ok(anomalies.includes('header-too-long'))
  assert.equal(preview, 'body', 'the body is read all the same')
})

test('a million address fields are bounded (CVE-2024-23184)', GUARD, () => {
  const { envelope } = parse(`${'To: a@b.example\r\n'.repeat(1_000_000)}\r\nbody`)
  assert.equal(envelope.to.length, DEFAULT_LIMITS.addresses)
})

test('a header line of 20 MB is one field, cut', GUARD, () => {
  const { envelope, preview } = parse(`From: a@b.example\r\nSubject: ${'x'.repeat(20_000_000)}\r\n\r\nbody`)
  assert.equal(envelope.subject.length, 2000)
  assert.equal(preview, 'body')
})

test('a header folded 100,000 times is one field', GUARD, () => {
  const { envelope } = parse(`Subject: a${'\r\n b'.repeat(100_000)}\r\n\r\nbody`)
  assert.ok(envelope.subject.startsWith('a b b'))
})

test('a single line of 50 MB without any structure is one text', GUARD, () => {
  const { structure, size } = parse('x'.repeat(50_000_000))
  assert.equal(structure.type, 'text/plain')
  assert.equal(structure.bodyEnd, size)
})

test('a body of a single line of 50 MB is one text', GUARD, () => {
  const { structure } = parse(`Content-Type: text/plain\r\n\r\n${'y'.repeat(50_000_000)}`)
  assert.equal(structure.decodedSize, 50_000_000)
})

test('boundaries that are beginnings of each other, 32 deep, are looked up in linear time', GUARD, () => {
  const boundary = (level: number): string => 'a'.repeat(level + 30)
  const heads = Array.from(
    { length: 32 },
    (_, level) =>
      `Content-Type: multipart/mixed; boundary=${boundary(level)}\r\n\r\n--${boundary(level)}\r\n`,
  )
  const lines = `--${'a'.repeat(29)}\r\n`.repeat(500_000)
  const { structure } = parse(`${heads.join('')}\r\n${lines}`)
  assert.equal(depthOf(structure), DEFAULT_LIMITS.depth + 1)
})

test('a million lines that are almost the delimiter are text', GUARD, () => {
  const lines = '--b \tx\r\n'.repeat(1_000_000)
  const { structure } = parse(`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${lines}--b--`)
  assert.equal(structure.parts.length, 1)
})

test('a delimiter followed by a megabyte of white space is no delimiter', GUARD, () => {
  const { structure } = parse(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b${' '.repeat(1_000_000)}\r\n--b--`,
  )
  assert.equal(structure.parts.length, 1)
})

test('a boundary of a megabyte matches nothing, and the body is shown as text', GUARD, () => {
  const boundary = 'b'.repeat(1_000_000)
  const { structure } = parse(
    `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n\r\nx\r\n--${boundary}--\r\n`,
  )
  assert.equal(structure.type, 'text/plain')
})

test('a bomb of parameters, continued and not, ends with the first ones', GUARD, () => {
  const continued = Array.from({ length: 100_000 }, (_, number) => `; filename*${number}="${number}"`).join(
    '',
  )
  const { structure } = parse(
    `Content-Type: application/x\r\nContent-Disposition: attachment${continued}\r\n\r\nx`,
  )
  assert.ok(structure.filename.startsWith('0123456789'))
  assert.ok(structure.filename.length <= 255)
  assert.equal(
    parse(`Content-Type: text/plain${'; a=b'.repeat(200_000)}; charset=utf-8\r\n\r\nx`).structure.type,
    'text/plain',
  )
})

test('a file name in folded continuations is found whole, with its ending (CVE-2024-39929)', () => {
  const header = 'Content-Disposition: attachment;\r\n filename*0=harmless.txt;\r\n filename*1=.exe'
  assert.equal(
    parse(`Content-Type: application/x\r\n${header}\r\n\r\nx`).structure.filename,
    'harmless.txt.exe',
  )
})

test('a million encoded words, closed, unclosed and empty, decode in linear time', GUARD, () => {
  for (const word of [
    '=?utf-8?Q?a?= ',
    '=?utf-8?B?YQ==?=',
    '=?utf-8?Q?',
    '=?',
    '?=',
    '=?utf-8?Q??=',
    '=?x?b?=?=?x?q?',
  ]) {
    const { envelope } = parse(`Subject: ${word.repeat(1_000_000 / word.length)}\r\n\r\nx`)
    assert.ok(envelope.subject.length <= 2000)
  }
})

test('quotes, comments and groups without end or without number end (CVE-2025-14874)', GUARD, () => {
  for (const piece of [
    '"',
    '(',
    '<',
    ',',
    ':',
    ';',
    '@',
    'a:',
    '<a',
    '<a,',
    '("',
    '\\',
    'a@b<',
    '"a" <',
    ' (',
    'g: h: ',
    '<@a,',
    '((a)',
  ]) {
    const value = piece.repeat(250_000 / piece.length)
    const { envelope } = parse(
      `From: ${value}\r\nTo: x@y.example, ${value}\r\nContent-Type: text/plain; a=${value}\r\n\r\nx`,
    )
    assert.ok(envelope.from.length <= DEFAULT_LIMITS.addresses)
  }
})

test('an address in a quoted local part is not another address (CVE-2025-13033)', () => {
  const { envelope } = parse('To: "other@evil.example x"@internal.example\r\n\r\nx')
  assert.deepEqual(envelope.to, [{ name: '', address: '"other@evil.examplex"@internal.example' }])
})

test('a million references are the first and the last ones', GUARD, () => {
  const ids = Array.from({ length: 20_000 }, (_, number) => `<${number}@x>`).join(' ')
  const { envelope } = parse(`References: ${ids}\r\n\r\nx`)
  assert.equal(envelope.references.length, DEFAULT_LIMITS.references)
  assert.equal(envelope.references[0], '<0@x>')
})

test('the longest names for the most parts still fit into one commit', GUARD, () => {
  const name = '%C3%A4'.repeat(250)
  const part = `--b\r\nContent-Type: application/x; name*=utf-8''${name}\r\nContent-ID: <${'i'.repeat(500)}>\r\nContent-Location: ${'l'.repeat(500)}\r\n\r\nx\r\n`
  const to = Array.from(
    { length: 5000 },
    (_, number) => `"${'n'.repeat(200)}" <${number}@${'d'.repeat(60)}.example>`,
  ).join(', ')
  const { structure, envelope } = parse(
    `To: ${to}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(1000)}--b--`,
  )
  const content = MessageContent.create({ structure, envelope })
  assert.ok(MessageContent.encode(content).finish().length < 1024 * 1024)
})

test(
  'base64 that is mostly garbage, padding or one character a line has the size it decodes to',
  GUARD,
  () => {
    for (const body of [
      '!'.repeat(1_000_000),
      '='.repeat(1_000_000),
      'Q\r\n'.repeat(300_000),
      'QQ==\r\n'.repeat(200_000),
      '\xff\0QUJD'.repeat(200_000),
    ]) {
      parse(`Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`)
    }
  },
)

test('quoted-printable of only white space, escapes or soft breaks has the size it decodes to', GUARD, () => {
  for (const body of [
    ' '.repeat(2_000_000),
    '=\r\n'.repeat(500_000),
    '= \r\n'.repeat(300_000),
    '='.repeat(2_000_000),
    '=4'.repeat(800_000),
    ' \t'.repeat(900_000),
  ]) {
    parse(`Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${body}`)
  }
})

test(
  'chunks of one byte in lines that are long, white or delimiters cost no more than their bytes',
  GUARD,
  () => {
    const text = `Content-Type: multipart/mixed; boundary=b\r\nX: ${'y'.repeat(100_000)}\r\n\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(100_000)}\r\n--b--`
    const bytes = Buffer.from(text)
    const parser = createStructureParser()
    for (let at = 0; at < bytes.length; at++) parser.write(bytes.subarray(at, at + 1))
    assert.deepEqual(parser.end(), parseStructure(bytes))
  },
)

/** A megabyte of HTML that a tree builder or a backtracking expression chokes on. */
const HTML_BOMBS: Readonly<Record<string, string>> = {
  'elements left open': '<b>'.repeat(300_000),
  'blocks in blocks': '<div>'.repeat(200_000),
  'quotes in quotes': '<blockquote>'.repeat(80_000),
  'tables in tables': '<table><tr><td>'.repeat(60_000),
  'lists in lists': '<ul><li>'.repeat(100_000),
  'comments without end': '<!--'.repeat(250_000),
  'hidden elements without end': '<style>'.repeat(150_000),
  'hidden elements of all kinds without end': '<style><script><title><svg>'.repeat(40_000),
  'attributes without end': `<a ${'b="c" '.repeat(160_000)}`,
  'quotes without end': '<a b="'.repeat(160_000),
  'nothing but brackets': '<'.repeat(1_000_000),
  'nothing but references': '&amp;'.repeat(200_000),
  'broken references': '&'.repeat(1_000_000),
  'white space': ' '.repeat(1_000_000),
  'a single word': 'x'.repeat(1_000_000),
}

for (const [what, html] of Object.entries(HTML_BOMBS)) {
  test(`HTML of ${what} becomes text, and so it does in the index`, GUARD, async () => {
    assert.ok(htmlToPlain(html).length <= html.length * 2)
    assert.ok(htmlText(html, 1_000_000).length <= 1_000_000)
    const bytes = Buffer.from(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`)
    const { structure, kind, preview } = parseStructure(bytes)
    const options = {
      bodies: [{ type: 'plain', truncation: 1000, allOrNone: false, preview: 0 }],
      mimeSupport: 0,
      withBody: true,
    }
    const { body } = await renderBody({
      structure,
      read: (start, end) => bytes.subarray(start, end),
      options,
      kind,
      preview,
    })
    assert.ok((body?.data?.length ?? 0) <= 1000)
  })
}

test('HTML that is just deep enough for the tree builder is read by it in bounded time', GUARD, () => {
  const html = `${'<div>'.repeat(120)}${'<p>text</p>'.repeat(8000)}${'</div>'.repeat(120)}`
  assert.ok(htmlToPlain(html).startsWith('text'))
})

test('a body of 1,000 alternatives has one text', GUARD, () => {
  const part = '--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n'
  const { structure } = parse(
    `Content-Type: multipart/alternative; boundary=b\r\n\r\n${part.repeat(1000)}--b--`,
  )
  assert.equal(bodyOf(structure).html.length, 1)
})

test('a name of path parts, control characters and right-to-left marks is a plain file name', () => {
  const name = '..%2F..%5C%00evil%E2%80%AEfdp.exe'
  const { structure } = parse(
    `Content-Type: application/x\r\nContent-Disposition: attachment; filename*=utf-8''${name}\r\n\r\nx`,
  )
  assert.deepEqual(
    attachmentsOf(structure).map((attachment) => attachment.name),
    ['evil_fdp.exe'],
  )
})

test('a header field that smuggles line ends by its encoding stays one line', () => {
  const { envelope } = parse(
    'Subject: =?utf-8?Q?a=0D=0ABcc:_x@y.example?=\r\nFrom: =?utf-8?Q?=0D=0A?= <a@b.example>\r\n\r\nx',
  )
  assert.equal(envelope.subject, 'a Bcc: x@y.example')
  assert.deepEqual(envelope.from, [{ name: '', address: 'a@b.example' }])
})

test('properties that every object has are no parameters, character sets or entities', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const { structure } = parse(
      `Content-Type: text/plain; ${name}=x; charset=${name}\r\nContent-Transfer-Encoding: ${name}\r\n\r\nx`,
    )
    assert.equal(structure.charset, name.toLowerCase())
    assert.equal(structure.encoding, '8bit')
    assert.equal(htmlText(`&${name};`, 100), `&${name};`)
  }
})
