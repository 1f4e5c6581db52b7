import assert from 'node:assert/strict'
import { Buffer, isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import type { Body, BodyPreference, ContentOptions } from '@relais/proto/mail/v1/mail.ts'
import fc from 'fast-check'
import {
  entity,
  file,
  htmlText,
  message,
  messageOf,
  multipart,
  plainText,
  type TestMessage,
} from './message.fixture.ts'
import { renderBody } from './render-body.ts'

const preference = (type: string, more: Partial<BodyPreference> = {}): BodyPreference => ({
  type,
  truncation: undefined,
  allOrNone: false,
  preview: 0,
  ...more,
})

type Wanted = Partial<ContentOptions> & { bodies: BodyPreference[] }

const render = async (letter: TestMessage, wanted: Wanted): Promise<Body> => {
  const { structure, read, kind, preview } = letter
  const options = { mimeSupport: 0, withBody: true, ...wanted }
  const { body } = await renderBody({ structure, read, options, kind, preview })
  assert.ok(body)
  return body
}

const dataOf = (body: Body): string | undefined => body.data && Buffer.from(body.data).toString()

/** The whole body in one type. */
const whole = async (letter: TestMessage, type: string): Promise<string | undefined> =>
  dataOf(await render(letter, { bodies: [preference(type)] }))

const letter = message(multipart('alternative', 'b', plainText('plain text'), htmlText('<p>html text</p>')))
const plainLetter = message(plainText('plain text'))
const htmlLetter = message(htmlText('<p>html text</p>'))

test('a type that the message has is given as it is', async () => {
  assert.equal(await whole(letter, 'plain'), 'plain text')
  assert.equal(await whole(letter, 'html'), '<p>html text</p>')
})

test('plain text is made of HTML where the message has only that', async () => {
  assert.equal(await whole(htmlLetter, 'plain'), 'html text')
})

test('HTML is made of plain text where the message has only that', async () => {
  assert.match(
    (await whole(plainLetter, 'html')) ?? '',
    /^<html>.*<body>\r\nplain text\r\n<\/body><\/html>$/s,
  )
})

test('of several types the native one is given, whatever their order', async () => {
  const bodies = [preference('plain'), preference('html')]
  assert.equal((await render(letter, { bodies })).type, 'html')
  assert.equal((await render(htmlLetter, { bodies })).type, 'html')
  assert.equal((await render(plainLetter, { bodies })).type, 'plain')
})

test('a type that is unknown is not given, and none at all means plain text', async () => {
  assert.equal((await render(letter, { bodies: [preference('rtf'), preference('html')] })).type, 'html')
  assert.equal((await render(letter, { bodies: [] })).type, 'plain')
  assert.equal((await render(letter, { bodies: [preference('rtf')] })).type, 'plain')
})

test('without a wish for it there is no body, and the native type is known all the same', async () => {
  const options = { bodies: [], mimeSupport: 0, withBody: false }
  const { body, nativeBody } = await renderBody({ ...letter, options })
  assert.deepEqual([body, nativeBody], [undefined, 'html'])
})

test('MIME is given for everything only with MIMESupport 2, for S/MIME also with 1, never with 0', async () => {
  const signature = entity(['Content-Type: application/pkcs7-signature'], 'x')
  const signed = message(
    entity(
      ['Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b'],
      '--b',
      plainText('x'),
      '--b',
      signature,
      '--b--',
    ),
  )
  const encrypted = message(
    entity(
      [
        'Content-Type: application/pkcs7-mime; smime-type=enveloped-data',
        'Content-Transfer-Encoding: base64',
      ],
      'eA==',
    ),
  )
  const types = (of: TestMessage) =>
    Promise.all(
      [0, 1, 2].map(
        async (mimeSupport) =>
          (await render(of, { bodies: [preference('html'), preference('mime')], mimeSupport })).type,
      ),
    )
  assert.deepEqual(await types(letter), ['html', 'html', 'mime'])
  assert.deepEqual(await types(signed), ['html', 'mime', 'mime'])
  assert.deepEqual(await types(encrypted), ['html', 'mime', 'mime'])
})

test('MIME is not given to who has not asked for it', async () => {
  assert.equal((await render(letter, { bodies: [preference('html')], mimeSupport: 2 })).type, 'html')
})

test('MIME alone, where it is not allowed, becomes plain text', async () => {
  assert.equal((await render(letter, { bodies: [preference('mime')], mimeSupport: 0 })).type, 'plain')
})

test('MIME is the message byte for byte', async () => {
  const body = await render(letter, { bodies: [preference('mime')], mimeSupport: 2 })
  assert.deepEqual(Buffer.from(body.data ?? []), letter.bytes)
  assert.deepEqual([body.estimatedSize, body.truncated], [letter.bytes.length, false])
})

test('a body is cut at the size wanted, and says how long it is (MS-ASAIRS 2.2.2.12)', async () => {
  const body = await render(letter, { bodies: [preference('plain', { truncation: 5 })] })
  assert.deepEqual([dataOf(body), body.truncated, body.estimatedSize], ['plain', true, 10])
})

test('a body that just fits is not cut', async () => {
  const body = await render(letter, { bodies: [preference('plain', { truncation: 10 })] })
  assert.deepEqual([dataOf(body), body.truncated, body.estimatedSize], ['plain text', false, 10])
})

test('a body is never cut inside of a character', async () => {
  const euro = messageOf(Buffer.from(entity(['Content-Type: text/plain; charset=utf-8'], 'a€😀')))
  const cuts = await Promise.all(
    [1, 2, 3, 4, 5, 7, 8].map(async (truncation) =>
      dataOf(await render(euro, { bodies: [preference('plain', { truncation })] })),
    ),
  )
  assert.deepEqual(cuts, ['a', 'a', 'a', 'a€', 'a€', 'a€', 'a€😀'])
})

test('a size of 0 means no data, and nothing needs to be read', async () => {
  const options = { bodies: [preference('html', { truncation: 0 })], mimeSupport: 0, withBody: true }
  const read = () => assert.fail('nothing is read')
  const { body } = await renderBody({ ...letter, read, options })
  assert.deepEqual([body?.data, body?.truncated, body?.estimatedSize], [undefined, true, 16])
})

test('an empty body is whole, whatever the size wanted', async () => {
  for (const truncation of [undefined, 0, 100]) {
    const body = await render(message('Subject: a', '', ''), {
      bodies: [preference('plain', { truncation })],
    })
    assert.deepEqual([body.truncated, body.estimatedSize], [false, 0])
  }
})

test('all or none: a body that is too long is not given, the next preference is (MS-ASAIRS 2.2.2.1)', async () => {
  const bodies = [
    preference('html', { truncation: 12, allOrNone: true }),
    preference('plain', { truncation: 12, allOrNone: true }),
  ]
  const body = await render(letter, { bodies })
  assert.deepEqual([body.type, dataOf(body), body.truncated], ['plain', 'plain text', false])
})

test('all or none: where no preference fits, there is no data, but the size', async () => {
  const bodies = [
    preference('html', { truncation: 5, allOrNone: true }),
    preference('plain', { truncation: 5, allOrNone: true }),
  ]
  const body = await render(letter, { bodies })
  assert.deepEqual([body.type, body.data, body.truncated, body.estimatedSize], ['html', undefined, true, 16])
})

test('all or none: a next preference without it is given in part', async () => {
  const bodies = [
    preference('html', { truncation: 5, allOrNone: true }),
    preference('plain', { truncation: 5 }),
  ]
  assert.equal(dataOf(await render(letter, { bodies })), 'plain')
})

test('a preview has as many characters as wanted, at most 255 (MS-ASAIRS 2.2.2.35)', async () => {
  const long = message(plainText('word '.repeat(200)))
  const preview = async (characters: number): Promise<string> =>
    (await render(long, { bodies: [preference('plain', { preview: characters })] })).preview
  assert.equal(await preview(0), '')
  assert.equal(await preview(7), 'word wo')
  assert.equal((await preview(255)).length, 254)
  assert.equal((await preview(9999)).length, 254)
})

test('a preview is text whatever the type of the body', async () => {
  for (const type of ['plain', 'html', 'mime']) {
    assert.equal(
      (await render(letter, { bodies: [preference(type, { preview: 5 })], mimeSupport: 2 })).preview,
      'plain',
    )
  }
})

test('transfer encoding and character set are undone', async () => {
  const quoted = message(
    entity(
      ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      'Gr=FC=DFe',
    ),
  )
  const encoded = message(
    entity(['Content-Type: text/html; charset=koi8-r', 'Content-Transfer-Encoding: base64'], '8NLJ18XU'),
  )
  assert.equal(await whole(quoted, 'plain'), 'Grüße')
  assert.equal(await whole(encoded, 'html'), 'Привет')
})

test('NUL and other characters that EAS has no place for are left out', async () => {
  const broken = message(plainText('a\0b\x08c'))
  assert.equal(await whole(broken, 'plain'), 'abc')
  assert.equal(await whole(message(htmlText('a&#8;b\x01')), 'plain'), 'ab')
})

test('soft line breaks of format=flowed are undone (RFC 3676)', async () => {
  const flowed = message(
    entity(['Content-Type: text/plain; format=flowed'], 'one \r\ntwo\r\n> a \r\n> b\r\n From'),
  )
  assert.equal(await whole(flowed, 'plain'), 'one two\r\n> a b\r\nFrom')
  const spaceless = message(entity(['Content-Type: text/plain; format=flowed; delsp=yes'], 'one \r\ntwo'))
  assert.equal(await whole(spaceless, 'plain'), 'onetwo')
})

test('HTML that names another character set for itself is told that it is UTF-8 now', async () => {
  const html = message(
    entity(
      ['Content-Type: text/html; charset=iso-8859-1'],
      '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">\xfc',
    ),
  )
  assert.equal(
    await whole(html, 'html'),
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">ü',
  )
})

test('HTML that is UTF-8 is not touched', async () => {
  const html = '<meta charset="utf-8"><p>x</p>'
  assert.equal(await whole(message(htmlText(html)), 'html'), html)
})

test('HTML without a character set is read in the one that it names for itself', async () => {
  const html = message(entity(['Content-Type: text/html'], '<meta charset="windows-1251">\xcf\xf0'))
  assert.equal(await whole(html, 'html'), '<meta charset="utf-8">Пр')
})

test('texts one after the other are one body', async () => {
  const two = message(multipart('mixed', 'b', plainText('one'), file('a'), plainText('two')))
  assert.equal(await whole(two, 'plain'), 'one\r\ntwo')
  assert.match((await whole(two, 'html')) ?? '', /<body>\r\none<br>\r\ntwo\r\n<\/body>/)
})

test('HTML texts one after the other are one document', async () => {
  const two = message(
    multipart(
      'mixed',
      'b',
      htmlText('<html><body><p>one</p></body></html>'),
      htmlText('<html><body><p>two</p></body></html>'),
    ),
  )
  const html = (await whole(two, 'html')) ?? ''
  assert.equal(html.match(/<body>/g)?.length, 1)
  assert.match(html, /<p>one<\/p><br>\r\n<p>two<\/p>/)
})

test('a plain text before HTML is part of both', async () => {
  const both = message(multipart('mixed', 'b', plainText('one & two'), htmlText('<p>three</p>')))
  assert.equal(await whole(both, 'plain'), 'one & two\r\nthree')
  assert.match((await whole(both, 'html')) ?? '', /one &amp; two<br>\r\n<p>three<\/p>/)
})

test('of texts that are not wanted any more only the size counts', async () => {
  const two = message(multipart('mixed', 'b', plainText('one'), plainText('x'.repeat(1000))))
  const body = await render(two, { bodies: [preference('plain', { truncation: 2 })] })
  assert.deepEqual([dataOf(body), body.truncated], ['on', true])
  assert.ok(body.estimatedSize >= 1003)
})

test('a message without text has an empty body', async () => {
  for (const type of ['plain', 'html']) {
    const body = await render(message(file('a.pdf')), { bodies: [preference(type)] })
    assert.deepEqual([dataOf(body), body.truncated, body.estimatedSize], ['', false, 0])
  }
})

test('of a long text only as much is read as is wanted', async () => {
  const long = message(htmlText(`<p>${'x'.repeat(5_000_000)}</p>`))
  let bytesRead = 0
  const read = (start: number, end: number): Uint8Array => {
    bytesRead += end - start
    return long.bytes.subarray(start, end)
  }
  const options = { bodies: [preference('html', { truncation: 32_768 })], mimeSupport: 0, withBody: true }
  const { body } = await renderBody({ ...long, read, options })
  assert.equal(body?.data?.length, 32_768)
  assert.ok(body?.truncated)
  assert.ok(Math.abs((body?.estimatedSize ?? 0) - 5_000_007) < 10)
  assert.ok(bytesRead <= 65_536 * 2, `${bytesRead} bytes were read`)
})

test('a long text that is wanted whole is whole, to its last character', async () => {
  for (const end of ['x', 'x=', 'x \r\n', '=C3=A4', '=C3=A4=']) {
    const long = message(
      entity(
        ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
        `${'line\r\n'.repeat(60_000)}${end}`,
      ),
    )
    const body = await render(long, { bodies: [preference('plain')] })
    assert.deepEqual(
      [body.truncated, body.estimatedSize, body.data?.length],
      [false, long.structure.decodedSize, long.structure.decodedSize],
      end,
    )
  }
})

test('a text that is hidden in megabytes of padding is not looked for to the end', async () => {
  for (const [encoding, padding] of [
    ['quoted-printable', '=\r\n'],
    ['base64', '!!!\r\n'],
  ] as const) {
    const long = message(
      entity(
        ['Content-Type: text/plain', `Content-Transfer-Encoding: ${encoding}`],
        `YWJj${padding.repeat(8_000_000)}ZGVm`,
      ),
    )
    let bytesRead = 0
    const read = (start: number, end: number): Uint8Array => {
      bytesRead += end - start
      return long.bytes.subarray(start, end)
    }
    const options = { bodies: [preference('plain')], mimeSupport: 0, withBody: true }
    const { body } = await renderBody({ ...long, read, options })
    assert.ok(body?.truncated)
    assert.ok(bytesRead <= 17 * 1024 * 1024, `${bytesRead} bytes were read`)
  }
})

test('the size of a long text in another character set is told from its beginning', async () => {
  const long = message(
    entity(
      ['Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      '=FC'.repeat(500_000),
    ),
  )
  const body = await render(long, { bodies: [preference('plain', { truncation: 1000 })] })
  assert.equal(dataOf(body), 'ü'.repeat(500))
  assert.ok(Math.abs(body.estimatedSize - 1_000_000) < 1000)
})

test('a text of many megabytes is cut even if all of it is wanted', async () => {
  const long = message(plainText('x'.repeat(10_000_000)))
  const body = await render(long, { bodies: [preference('plain')] })
  assert.deepEqual(
    [body.data?.length, body.truncated, body.estimatedSize],
    [4 * 1024 * 1024, true, 10_000_000],
  )
})

test('plain text of long HTML is cut, and says so', async () => {
  const long = message(htmlText('<p>some text</p>'.repeat(100_000)))
  const body = await render(long, { bodies: [preference('plain', { truncation: 500 })] })
  assert.ok(dataOf(body)?.startsWith('some text'))
  assert.deepEqual([body.data?.length, body.truncated], [500, true])
  assert.ok(body.estimatedSize > 500_000)
})

test('what reading fails with is what rendering fails with', async () => {
  const options = { bodies: [preference('html')], mimeSupport: 0, withBody: true }
  const read = () => Promise.reject(new Error('gone'))
  await assert.rejects(renderBody({ ...letter, read, options }), /gone/)
})

test('any preferences are met within their bounds', async () => {
  const anyPreference = fc.record({
    type: fc.constantFrom('plain', 'html', 'mime', 'rtf', ''),
    truncation: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
    allOrNone: fc.boolean(),
    preview: fc.nat({ max: 300 }),
  })
  const euro = messageOf(
    Buffer.from(
      multipart('alternative', 'b', plainText('Grüße, 20 € 😀'), htmlText('<p>Grüße, <b>20 €</b> 😀</p>')),
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyPreference, { maxLength: 4 }),
      fc.nat({ max: 2 }),
      async (bodies, mimeSupport) => {
        const body = await render(euro, { bodies, mimeSupport })
        const used = bodies.find(({ type }) => type === body.type)
        assert.ok(
          body.data === undefined ||
            (isUtf8(body.data) && body.data.length <= (used?.truncation ?? Number.POSITIVE_INFINITY)),
        )
        assert.equal(body.truncated, (body.data?.length ?? 0) < body.estimatedSize)
        assert.ok(body.preview.length <= Math.min(255, used?.preview ?? 0))
        if (used?.allOrNone && body.truncated) assert.equal(body.data, undefined)
      },
    ),
    { numRuns: 500 },
  )
})
