import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { bodyOf } from '../body-parts.ts'
import {
  entity,
  file,
  htmlText,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from '../message.fixture.ts'
import { stubMessage } from '../parsed-message.ts'
import { decodeWhole } from '../transfer.ts'
import { targetsOf, withAddedText, writeText } from './added-text.ts'
import { attachedEntity, embedded, isWhole } from './originals.ts'
import {
  base64Bytes,
  bytesOf,
  type Entity,
  entityPieces,
  multipart as multipartEntity,
  type Pieces,
  rawBytes,
} from './pieces.ts'

const collect = async (pieces: Pieces): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of pieces) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const text = async (pieces: Pieces): Promise<string> => (await collect(pieces)).toString('latin1')

const readOf =
  (bytes: Buffer) =>
  (start: number, end: number): Uint8Array =>
    bytes.subarray(start, end)

describe('pieces', () => {
  test('raw bytes are those of their range, window by window', async () => {
    const bytes = Buffer.alloc(200_000, 'abcdefg')
    assert.deepEqual(await collect(rawBytes(readOf(bytes), 10, 190_000)), bytes.subarray(10, 190_000))
    assert.equal((await collect(rawBytes(readOf(bytes), 10, 10))).length, 0)
  })

  test('base64 is one text in lines of 76, whatever the windows (RFC 2045 §6.8)', async () => {
    const bytes = Buffer.alloc(200_000, 'abcdefg')
    const encoded = await text(base64Bytes(readOf(bytes), 0, bytes.length))
    const lines = encoded.trimEnd().split('\r\n')
    assert.ok(lines.slice(0, -1).every((line) => line.length === 76))
    assert.deepEqual(Buffer.from(lines.join(''), 'base64'), bytes)
  })

  test('an entity is its fields, an empty line, its body', async () => {
    assert.equal(
      await text(entityPieces({ fields: ['A: b\r\n', 'C: d\r\n'], body: bytesOf(Buffer.from('e')) })),
      'A: b\r\nC: d\r\n\r\ne',
    )
  })

  test('a multipart has its parts between delimiters (RFC 2046 §5.1)', async () => {
    const part = (letter: string): Entity => ({
      fields: [`X: ${letter}\r\n`],
      body: bytesOf(Buffer.from(letter)),
    })
    const written = await text(entityPieces(multipartEntity('mixed', [part('a'), part('b')], 'q')))
    assert.equal(
      written,
      'Content-Type: multipart/mixed; boundary="q"\r\n\r\n--q\r\nX: a\r\n\r\na\r\n--q\r\nX: b\r\n\r\nb\r\n--q--\r\n',
    )
  })

  test('any entities put together are found again', async () => {
    const body = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('base64'))
    await fc.assert(
      fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 6 }), async (bodies) => {
        const parts = bodies.map(
          (one): Entity => ({
            fields: ['Content-Transfer-Encoding: base64\r\n'],
            body: bytesOf(Buffer.from(one)),
          }),
        )
        const letter = messageOf(
          await collect(entityPieces(multipartEntity('mixed', parts, 'q7Zk3vXw9LmT2sRb'))),
        )
        assert.deepEqual(
          letter.structure.parts.map(({ bodyStart, bodyEnd }) =>
            letter.bytes.toString('latin1', bodyStart, bodyEnd),
          ),
          bodies,
        )
      }),
    )
  })
})

describe('text written anew', () => {
  test('text that is mostly ASCII is quoted-printable, other text base64', () => {
    assert.ok(writeText('plain', 'Grüße aus dem Süden').fields[1]?.includes('quoted-printable'))
    assert.ok(writeText('plain', '你好你好').fields[1]?.includes('base64'))
    assert.equal(writeText('html', 'x').fields[0], 'Content-Type: text/html; charset=utf-8\r\n')
  })

  test('its lines are short, 7-bit and end in CRLF: Outlook fails on quoted-printable without', () => {
    const body = Buffer.from(
      writeText('plain', `${'ü '.repeat(50)}${'long '.repeat(100)}\nsecond\r\nthird`).body,
    ).toString('latin1')
    assert.ok(body.split('\r\n').every((line) => line.length <= 76 && !/[^\t -~]/.test(line)))
    assert.ok(!body.replaceAll('\r\n', '').includes('\n'))
  })

  test('any text written is read again, but for its line ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (written) => {
        const { fields, body } = writeText('plain', written)
        const encoding = fields[1]?.includes('base64') ? 'base64' : 'quoted-printable'
        const lines = (one: string): string => one.replace(/\r\n/g, '\n')
        assert.equal(lines(Buffer.from(decodeWhole(body, encoding)).toString()), lines(written))
      }),
      { numRuns: 500 },
    )
  })
})

describe('which texts of the phone are added to', () => {
  const targets = (letter: TestMessage): string[] =>
    targetsOf(bodyOf(letter.structure)).map(({ part, html }) => `${part.id}${html ? 'h' : ''}`)

  const CASES: readonly [string, TestMessage, string[]][] = [
    ['the only one', message(plainText('x')), ['1']],
    ['both forms of it', message(multipart('alternative', 'b', plainText('x'), htmlText('x'))), ['1', '2h']],
    [
      'the last of several',
      message(multipart('mixed', 'b', plainText('x'), file('a'), plainText('y'))),
      ['3'],
    ],
    [
      'the last one, if it is HTML behind plain text',
      message(multipart('mixed', 'b', plainText('x'), htmlText('y'))),
      ['2h'],
    ],
    ['none, where there is none', message(file('a')), []],
    ['none that is longer than anyone writes', message(plainText('x'.repeat(5_000_000))), []],
  ]

  for (const [what, letter, expected] of CASES) test(what, () => assert.deepEqual(targets(letter), expected))

  const added = async (letter: TestMessage, addition: string) => {
    const [target] = targetsOf(bodyOf(letter.structure))
    assert.ok(target)
    const { fields, body } = await withAddedText(target, letter.read, addition)
    const encoding = fields.some((field) => field.includes('base64')) ? 'base64' : 'quoted-printable'
    return { fields, text: Buffer.from(decodeWhole(body, encoding)).toString() }
  }

  test('the addition stands behind plain text, and before the end of HTML', async () => {
    assert.equal((await added(message(plainText('mine\r\n\r\n')), '\r\nyours')).text, 'mine\r\nyours')
    assert.equal(
      (await added(message(htmlText('<body>mine</body></html>')), '<p>yours</p>')).text,
      '<body>mine<p>yours</p></body></html>',
    )
  })

  test('fields of the text stay, but for those that are true no more', async () => {
    const letter = message(
      entity(
        [
          'Content-Type: text/plain; charset=iso-8859-1',
          'Content-Transfer-Encoding: 8bit',
          'Content-Language: de',
          'Content-Length: 4',
          'Content-MD5: x',
          'Content-ID: <a>',
        ],
        '\xfc',
      ),
    )
    const { fields, text: written } = await added(letter, '!')
    assert.equal(written, 'ü!')
    assert.deepEqual(fields, [
      'Content-Type: text/plain; charset=utf-8\r\n',
      'Content-Transfer-Encoding: base64\r\n',
      'Content-Language: de\r\n',
      'Content-ID: <a>\r\n',
    ])
  })

  test('in flowed text what is added is stuffed, so that it does not flow (RFC 3676 §4.2)', async () => {
    const letter = message(entity(['Content-Type: text/plain; format=flowed; delsp=yes'], 'mine'))
    const { fields, text: written } = await added(letter, '\r\nFrom x\r\n y\r\n> z')
    assert.equal(fields[0], 'Content-Type: text/plain; format=flowed; delsp=yes; charset=utf-8\r\n')
    assert.equal(written, 'mine\r\n From x\r\n  y\r\n> z')
  })

  test('whatever was written and added in any character set, both are there', async () => {
    const letters = fc.stringMatching(/^[ -~äöü€]{1,60}$/).filter((one) => one.trim() === one && one !== '')
    await fc.assert(
      fc.asyncProperty(
        letters,
        letters,
        fc.constantFrom('utf-8', 'windows-1252'),
        async (mine, yours, charset) => {
          const bytes =
            charset === 'utf-8'
              ? Buffer.from(mine)
              : Buffer.from([...mine].map((char) => (char === '€' ? 0x80 : char.charCodeAt(0))))
          const header = Buffer.from(`Content-Type: text/plain; charset=${charset}\r\n\r\n`)
          const { text: written } = await added(messageOf(Buffer.concat([header, bytes])), yours)
          assert.equal(written, mine + yours)
        },
      ),
    )
  })
})

describe('what a forward takes along', () => {
  test('a part keeps its fields and its bytes', async () => {
    const letter = message(multipart('mixed', 'b', plainText('x'), file('a.pdf')))
    const part = letter.structure.parts[1] as Part
    assert.equal(
      await text(entityPieces(await attachedEntity({ part, inline: false }, letter.read))),
      file('a.pdf'),
    )
  })

  test('of a message that is nothing but a file only the fields of the file are taken', async () => {
    const letter = message('Subject: a', 'From: b@c.example', file('a.pdf'))
    const attached = await attachedEntity({ part: letter.structure, inline: false }, letter.read)
    assert.equal(await text(entityPieces(attached)), file('a.pdf'))
  })

  test('a binary part is encoded, a binary message never (RFC 2046 §5.2.1)', async () => {
    const binary = (type: string): string =>
      entity([`Content-Type: ${type}`, 'Content-Transfer-Encoding: binary'], 'Subject: a\r\n\r\n\0')
    const letter = message(multipart('mixed', 'b', binary('application/x'), binary('message/rfc822')))
    const [data, inner] = await Promise.all(
      letter.structure.parts.map((part) => attachedEntity({ part, inline: false }, letter.read)),
    )
    assert.ok(
      data?.fields.some((field) => /base64/.test(field)) &&
        !data.fields.some((field) => /binary/.test(field)),
    )
    assert.ok(inner?.fields.some((field) => /binary/.test(field)))
  })

  test('a text that was attached stays attached, also where it stands beside a letter', async () => {
    const letter = message(multipart('signed', 'b', plainText('x'), plainText('y')))
    const part = letter.structure.parts[1] as Part
    const { fields } = await attachedEntity({ part, inline: false }, letter.read)
    assert.equal(fields.at(-1), 'Content-Disposition: attachment; filename="attachment-2.txt"\r\n')
  })

  test('a message goes as it is stored, named by its subject', async () => {
    const letter = message('Subject: Grüße/1', '', 'text')
    const whole = embedded(letter.structure, 'Grüße', letter.read)
    assert.deepEqual(await collect(whole.body), letter.bytes)
    assert.ok(whole.fields[1]?.includes("filename*=utf-8''Gr%C3%BC%C3%9Fe.eml"))
  })

  test('S/MIME and what could not be parsed are whole, nothing else', () => {
    const signed = message(
      entity(
        ['Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=s'],
        '--s',
        plainText('x'),
        '--s',
        file('p7s'),
        '--s--',
      ),
    )
    assert.ok(isWhole(signed.structure))
    assert.ok(isWhole(message(entity(['Content-Type: application/pkcs7-mime'], 'x')).structure))
    assert.ok(isWhole(stubMessage(10, 'parsing failed').structure))
    for (const letter of [
      message(plainText('x')),
      message(file('a')),
      message(entity(['Content-Type: message/rfc822'], 'Subject: a', '', 'x')),
    ]) {
      assert.ok(!isWhole(letter.structure))
    }
  })
})
