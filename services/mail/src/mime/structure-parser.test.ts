import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { createStructureParser, parseStructure } from './structure-parser.ts'

const lines = (...texts: string[]): string => texts.join('\r\n')

const parse = (text: string) => parseStructure(Buffer.from(text, 'latin1'))

/** `id type "body"` of each part, with its parts indented. */
const outline = (text: string): string => {
  const bytes = Buffer.from(text, 'latin1')
  const draw = (part: Part, depth: number): string[] => {
    const body =
      part.parts.length > 0
        ? ''
        : ` ${JSON.stringify(bytes.toString('latin1', part.bodyStart, part.bodyEnd))}`
    return [
      `${'  '.repeat(depth)}${part.id} ${part.type}${body}`,
      ...part.parts.flatMap((child) => draw(child, depth + 1)),
    ]
  }
  return draw(parseStructure(bytes).structure, 0).join('\n')
}

const MIXED = 'Content-Type: multipart/mixed; boundary=b'

test('a message without parts is its part 1 (RFC 3501 §6.4.5)', () => {
  assert.equal(outline(lines('Subject: a', '', 'text', '')), '1 text/plain "text\\r\\n"')
})

test('the line end before a delimiter belongs to it (RFC 2046 §5.1.1)', () => {
  const text = lines(MIXED, '', '--b', '', 'one', '--b', '', 'two', '', '--b--', '')
  assert.equal(
    outline(text),
    lines(' multipart/mixed', '  1 text/plain "one"', '  2 text/plain "two\\r\\n"').replaceAll('\r', ''),
  )
})

test('bare line feeds are line ends', () => {
  const text = lines(MIXED, '', '--b', '', 'one', '--b--', '').replaceAll('\r', '')
  assert.equal(outline(text), ' multipart/mixed\n  1 text/plain "one"')
  assert.ok(parse(text).bareLf)
})

test('line ends may be mixed', () => {
  assert.equal(outline(`${MIXED}\n\r\n--b\r\n\none\n--b--\r\n`), ' multipart/mixed\n  1 text/plain "one"')
})

test('a bare carriage return ends no line, and is reported', () => {
  const { bareCr, bareLf } = parse('Subject: a\rTo: b\r\n\r\n\r--b\r\r\n')
  assert.deepEqual({ bareCr, bareLf }, { bareCr: true, bareLf: false })
  assert.equal(outline('Subject: a\r\rtext'), '1 text/plain ""')
})

test('what stands before the first and after the last delimiter belongs to no part', () => {
  const text = lines(MIXED, '', 'before', '--b', '', 'one', '--b--', 'after', '')
  assert.equal(outline(text), ' multipart/mixed\n  1 text/plain "one"')
})

test('a delimiter after the closing one opens no part', () => {
  assert.equal(
    outline(lines(MIXED, '', '--b', '', 'one', '--b--', '--b', '', 'two', '')),
    ' multipart/mixed\n  1 text/plain "one"',
  )
})

test('a closing delimiter that is missing ends with the message', () => {
  const text = lines(MIXED, '', '--b', '', 'one', '--b', '', 'two')
  assert.equal(outline(text), ' multipart/mixed\n  1 text/plain "one"\n  2 text/plain "two"')
  assert.deepEqual(parse(text).anomalies, ['truncated'])
})

test('a closing delimiter of an inner multipart that is missing ends with the outer delimiter', () => {
  const text = lines(
    MIXED,
    '',
    '--b',
    'Content-Type: multipart/alternative; boundary=c',
    '',
    '--c',
    '',
    'one',
    '--b',
    '',
    'two',
    '--b--',
  )
  assert.equal(
    outline(text),
    ' multipart/mixed\n  1 multipart/alternative\n    1.1 text/plain "one"\n  2 text/plain "two"',
  )
})

test('a message that ends in a header has a part without a body', () => {
  assert.equal(
    outline(lines(MIXED, '', '--b', 'Content-Type: text/html')),
    ' multipart/mixed\n  1 text/html ""',
  )
})

test('a message that ends right behind a delimiter has a part of nothing', () => {
  assert.equal(outline(lines(MIXED, '', '--b')), ' multipart/mixed\n  1 text/plain ""')
})

test('an empty part is one', () => {
  assert.equal(
    outline(lines(MIXED, '', '--b', '--b', '', '--b--', '')),
    ' multipart/mixed\n  1 text/plain ""\n  2 text/plain ""',
  )
})

test('a multipart without a boundary is shown as text', () => {
  const text = lines('Content-Type: multipart/mixed', '', '--b', '', 'one', '--b--')
  assert.equal(outline(text), '1 text/plain "--b\\r\\n\\r\\none\\r\\n--b--"')
  assert.deepEqual(parse(text).anomalies, ['boundary-missing'])
})

test('a multipart without a delimiter is shown as text', () => {
  const text = lines(MIXED, '', 'one')
  assert.equal(outline(text), '1 text/plain "one"')
  assert.deepEqual(parse(text).anomalies, ['truncated', 'delimiter-missing'])
  assert.equal(parse(text).preview, 'one')
})

test('the same boundary inside of itself is the inner one until that is closed', () => {
  const text = lines(MIXED, '', '--b', MIXED, '', '--b', '', 'one', '--b--', '--b', '', 'two', '--b--')
  assert.equal(
    outline(text),
    ' multipart/mixed\n  1 multipart/mixed\n    1.1 text/plain "one"\n  2 text/plain "two"',
  )
})

test('a boundary that is the beginning of another is not taken for it', () => {
  const text = lines(
    MIXED,
    '',
    '--b',
    'Content-Type: multipart/mixed; boundary=bb',
    '',
    '--bb',
    '',
    'one',
    '--bb--',
    '--b--',
  )
  assert.equal(outline(text), ' multipart/mixed\n  1 multipart/mixed\n    1.1 text/plain "one"')
})

test('a delimiter ends a header, also where the empty line is missing', () => {
  const text = lines(
    MIXED,
    '',
    '--b',
    'Content-Type: multipart/mixed; boundary=c',
    'X: y',
    '--c',
    '',
    'one',
    '--c--',
    '--b--',
  )
  assert.equal(outline(text), ' multipart/mixed\n  1 multipart/mixed\n    1.1 text/plain "one"')
})

test('the empty line between header and text may be missing', () => {
  const text = lines('Subject: a', 'Hello,', '', 'how are you?')
  assert.equal(outline(text), '1 text/plain "Hello,\\r\\n\\r\\nhow are you?"')
  assert.deepEqual(parse(text).anomalies, ['body-without-empty-line'])
  assert.equal(parse(text).preview, 'Hello, how are you?')
  assert.equal(parse(text).structure.lines, 2)
})

test('the empty line may be missing in a part as well', () => {
  assert.equal(outline(lines(MIXED, '', '--b', 'Hello', '--b--')), ' multipart/mixed\n  1 text/plain "Hello"')
})

test('a text without any header is the text of a message', () => {
  assert.equal(outline('Hello, this is not mail.'), '1 text/plain "Hello, this is not mail."')
})

test('a message that begins with an empty line has no header', () => {
  assert.equal(outline('\r\nSubject: a\r\n'), '1 text/plain "Subject: a\\r\\n"')
})

test('an empty message is an empty text', () => {
  const { structure, size, preview, envelope } = parse('')
  assert.deepEqual(
    [structure.id, structure.type, structure.bodyEnd, size, preview, envelope.subject],
    ['1', 'text/plain', 0, 0, '', ''],
  )
})

test('an embedded message has parts of its own, numbered as IMAP does (RFC 3501 §6.4.5)', () => {
  const inner = lines(
    'Subject: inner',
    'Content-Type: multipart/mixed; boundary=c',
    '',
    '--c',
    '',
    'one',
    '--c',
    '',
    'two',
    '--c--',
  )
  const text = lines(
    MIXED,
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    inner,
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: plain',
    '',
    'three',
    '--b--',
  )
  assert.equal(
    outline(text),
    [
      ' multipart/mixed',
      '  1 message/rfc822',
      '    1.TEXT multipart/mixed',
      '      1.1 text/plain "one"',
      '      1.2 text/plain "two"',
      '  2 message/rfc822',
      '    2.1 text/plain "three"',
    ].join('\n'),
  )
})

test('an embedded message is named by its decoded subject', () => {
  const { structure } = parse(
    lines('Content-Type: message/rfc822', '', 'Subject: =?utf-8?Q?=C3=A4?=', '', 'x'),
  )
  assert.equal(structure.subject, 'ä')
  assert.equal(structure.parts[0]?.subject, '')
})

test('an embedded message without a header is a text', () => {
  const text = lines(
    MIXED,
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'this is no message, sorry!',
    '--b--',
  )
  assert.equal(
    outline(text),
    ' multipart/mixed\n  1 message/rfc822\n    1.1 text/plain "this is no message, sorry!"',
  )
})

test('an embedded message in base64 is opaque (RFC 2046 §5.2.1 forbids it)', () => {
  const text = lines(
    'Content-Type: message/rfc822',
    'Content-Transfer-Encoding: base64',
    '',
    'U3ViamVjdDogYQ==',
  )
  const { structure } = parse(text)
  assert.deepEqual([structure.type, structure.parts.length, structure.decodedSize], ['message/rfc822', 0, 10])
})

test('an international message is a message (RFC 6532 §3.7)', () => {
  assert.equal(
    outline(lines('Content-Type: message/global', '', 'Subject: a', '', 'x')),
    '1 message/global\n  1.1 text/plain "x"',
  )
})

test('parts of a digest are messages unless they say otherwise (RFC 2046 §5.1.5)', () => {
  const text = lines(
    'Content-Type: multipart/digest; boundary=b',
    '',
    '--b',
    '',
    'Subject: one',
    '',
    'x',
    '--b',
    'Content-Type: text/plain',
    '',
    'y',
    '--b--',
  )
  assert.equal(
    outline(text),
    ' multipart/digest\n  1 message/rfc822\n    1.1 text/plain "x"\n  2 text/plain "y"',
  )
})

test('a multipart has no encoding of its own (RFC 2045 §6.4)', () => {
  const text = lines('Content-Transfer-Encoding: base64', MIXED, '', '--b', '', 'one', '--b--')
  const { structure } = parse(text)
  assert.equal(structure.encoding, '8bit')
  assert.equal(outline(text), ' multipart/mixed\n  1 text/plain "one"')
})

test('a broken Content-Type is text/plain (RFC 2045 §5.2)', () => {
  for (const type of ['text', 'foo', 'a b/c', '/', 'text/', '"text/html"', 'a/b/c']) {
    assert.equal(parse(`Content-Type: ${type}\r\n\r\nx`).structure.type, 'text/plain', type)
  }
})

test('of two Content-Type fields the first counts, as for whoever looked at the message before', () => {
  assert.equal(
    parse('Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx').structure.type,
    'text/plain',
  )
})

test('a part keeps what its readers need of its header', () => {
  const { structure } = parse(
    lines(
      'Content-Type: TEXT/HTML; charset="ISO-8859-1"; format=flowed; delsp=yes; name=a.html; boundary=x; other=y',
      'Content-Transfer-Encoding: Quoted-Printable',
      'Content-Disposition: INLINE; filename="b.html"',
      'Content-ID: <id@a.example>',
      'Content-Location: http://a.example/b',
      '',
      'x',
    ),
  )
  const { type, charset, encoding, disposition, filename, contentId, contentLocation, parameters } = structure
  assert.deepEqual(
    { type, charset, encoding, disposition, filename, contentId, contentLocation, parameters },
    {
      type: 'text/html',
      charset: 'iso-8859-1',
      encoding: 'quoted-printable',
      disposition: 'inline',
      filename: 'b.html',
      contentId: 'id@a.example',
      contentLocation: 'http://a.example/b',
      parameters: { format: 'flowed', delsp: 'yes' },
    },
  )
})

test('a part without a file name has the name of its type field', () => {
  assert.equal(parse('Content-Type: application/x; name=a.bin\r\n\r\nx').structure.filename, 'a.bin')
})

test('8-bit text in a header is read in the character set of the message', () => {
  const { envelope } = parse(
    'Subject: \xcf\xf0\xe8\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\nx',
  )
  assert.equal(envelope.subject, 'При')
})

test('lines are counted as IMAP wants them: line feeds of the body', () => {
  const { structure } = parse(lines(MIXED, '', '--b', '', 'a', 'b', 'c', '--b', '', '', '', '--b--', ''))
  assert.deepEqual(
    structure.parts.map((part) => part.lines),
    [2, 1],
  )
  assert.equal(structure.lines, 10)
})

test('sizes are those of decoded bodies', () => {
  const encoded = (encoding: string, body: string): string =>
    lines(`Content-Transfer-Encoding: ${encoding}`, '', body)
  const text = lines(
    MIXED,
    '',
    '--b',
    encoded('base64', 'YWJj\r\nZGU='),
    '--b',
    encoded('quoted-printable', 'a=C3=A4=\r\nb '),
    '--b',
    encoded('7bit', 'a=C3'),
    '--b--',
  )
  assert.deepEqual(
    parse(text).structure.parts.map((part) => part.decodedSize),
    [5, 4, 4],
  )
})

test('bytes of all kinds are reported', () => {
  const flags = (text: string) => {
    const { hasNul, has8Bit, bareCr, bareLf } = parse(text)
    return { hasNul, has8Bit, bareCr, bareLf }
  }
  const none = { hasNul: false, has8Bit: false, bareCr: false, bareLf: false }
  assert.deepEqual(flags('A: b\r\n\r\nc\r\n'), none)
  assert.deepEqual(flags('A: b\r\n\r\n\0\r\n'), { ...none, hasNul: true })
  assert.deepEqual(flags('A: b\r\n\r\n\xff\r\n'), { ...none, has8Bit: true })
})

test('a header that is too long is cut, and what it says at its beginning counts', () => {
  const { envelope, structure, anomalies } = parse(
    `Subject: a\r\nX: ${'y'.repeat(300_000)}\r\nX: z\r\n\r\nbody`,
  )
  assert.equal(envelope.subject, 'a')
  assert.equal(structure.bodyEnd - structure.bodyStart, 4)
  assert.deepEqual(anomalies, ['header-too-long'])
})

test('a long text without an empty line before it is a text, not a header', () => {
  const { structure, preview } = parse(`Subject: a\r\n${'This is a line of text.\r\n'.repeat(20_000)}`)
  assert.equal(structure.bodyStart, 12)
  assert.equal(structure.lines, 20_000)
  assert.ok(preview.startsWith('This is a line of text. This is'))
})

test('limits hold for what they are given', () => {
  const limits = { ...DEFAULT_LIMITS, depth: 1, parts: 3, addresses: 2, references: 1 }
  const inner = lines('Content-Type: multipart/mixed; boundary=c', '', '--c', '', 'x', '--c--')
  const text = lines(
    'To: a@b.example, c@d.example, e@f.example',
    'References: <1@a> <2@a>',
    MIXED,
    '',
    '--b',
    inner,
    '--b',
    '',
    'y',
    '--b',
    '',
    'z',
    '--b--',
  )
  const { structure, envelope, anomalies } = parseStructure(Buffer.from(text), { limits })
  assert.equal(envelope.to.length, 2)
  assert.deepEqual(envelope.references, ['<1@a>'])
  assert.deepEqual(
    structure.parts.map(({ type }) => type),
    ['application/octet-stream', 'text/plain'],
  )
  assert.deepEqual(anomalies, ['nested-too-deep', 'too-many-parts'])
})

test('what came beyond the parts that are allowed lies in the multipart all the same', () => {
  const limits = { ...DEFAULT_LIMITS, parts: 2 }
  const text = lines(MIXED, '', '--b', '', 'x', '--b', '', 'y', '--b--')
  const { structure, size } = parseStructure(Buffer.from(text), { limits })
  assert.equal(structure.parts.length, 1)
  assert.equal(structure.bodyEnd, size)
})

test('texts are kept as far as wanted, and are found by their offsets', async () => {
  const text = lines(
    MIXED,
    '',
    '--b',
    '',
    'first text',
    '--b',
    'Content-Type: application/x',
    '',
    'binary',
    '--b',
    'Content-Type: text/html',
    '',
    '<p>second</p>',
    '--b--',
  )
  const parser = createStructureParser({ keptText: 15 })
  parser.write(Buffer.from(text))
  const { structure } = parser.end()
  const kept = structure.parts.map((part) =>
    Buffer.from(parser.readText(part.bodyStart, part.bodyEnd) as Uint8Array).toString(),
  )
  assert.deepEqual(
    kept.filter((_, index) => index !== 1),
    ['first text', '<p>se'],
  )
})

test('without being asked to, a parser keeps no text', () => {
  const parser = createStructureParser()
  parser.write(Buffer.from('Subject: a\r\n\r\ntext'))
  const { structure } = parser.end()
  assert.equal((parser.readText(structure.bodyStart, structure.bodyEnd) as Uint8Array).length, 0)
})
