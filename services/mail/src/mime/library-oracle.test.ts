import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { convert } from 'html-to-text'
import libbase64 from 'libbase64'
import libmime from 'libmime'
import libqp from 'libqp'
import PostalMime, { addressParser } from 'postal-mime'
import { parseAddresses } from './address-list.ts'
import { decodeBase64 } from './base64.ts'
import { decodeWords } from './encoded-word.ts'
import { htmlText } from './html-text.ts'
import { parameterText, parseStructured } from './parameters.ts'
import { decodeQuotedPrintable } from './quoted-printable.ts'
import { parseStructure } from './structure-parser.ts'

/** Where a library can do a part of our work, ours must agree with it, on everything that isn't broken. */

const raw = (text: string): string => Buffer.from(text).toString('latin1')
const phrase = fc
  .string({ unit: 'grapheme-composite', maxLength: 40 })
  .filter((text) => !/[\p{C}]/u.test(text) && text === text.replace(/\s+/g, ' ').trim())

test('libqp decodes what has no padding to the same bytes', () => {
  const line = fc.stringMatching(/^([!-<>-~]|=[0-9A-F]{2}| [!-<>-~]){0,30}=?$/)
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      const text = lines.join('\r\n')
      assert.deepEqual(Buffer.from(decodeQuotedPrintable(Buffer.from(text))), Buffer.from(libqp.decode(text)))
    }),
    { numRuns: 500 },
  )
})

test('libbase64 decodes base64 with padding anywhere to the same bytes', () => {
  const piece = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('base64'))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join('\r\n')
      assert.deepEqual(Buffer.from(decodeBase64(Buffer.from(text))), Buffer.from(libbase64.decode(text)))
    }),
    { numRuns: 500 },
  )
})

test('libmime decodes words and the text between them to the same text', () => {
  const word = fc
    .tuple(phrase, fc.constantFrom('Q' as const, 'B' as const))
    .map(([text, encoding]) => libmime.encodeWord(text, encoding, 60))
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.stringMatching(/^[a-z]{1,10}$/)), { maxLength: 6 }), (pieces) => {
      const field = pieces.join(' ')
      assert.equal(decodeWords(field), libmime.decodeWords(field))
    }),
    { numRuns: 500 },
  )
})

test('libmime reads parameters to the same values', () => {
  const name = fc.constantFrom('charset', 'name', 'boundary', 'format', 'x-a')
  const value = fc.stringMatching(/^[A-Za-z0-9._/:+-]{1,30}$/)
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value, fc.boolean()), { selector: ([key]) => key, maxLength: 5 }),
      (parameters) => {
        const field = `text/plain${parameters.map(([key, text, quoted]) => `; ${key}=${quoted ? `"${text}"` : text}`).join('')}`
        const ours = parseStructured(field)
        const theirs = libmime.parseHeaderValue(field)
        assert.equal(ours.value, theirs.value)
        assert.deepEqual(Object.fromEntries(ours.parameters), { ...theirs.params })
      },
    ),
  )
})

test('libmime writes long file names in pieces, and they are read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 120 }), (name) => {
      const pieces = libmime.buildHeaderParam('filename', name, 50)
      const field = `attachment; ${pieces.map(({ key, value }) => `${key}=${/^[\w.%'*-]+$/.test(value) ? value : JSON.stringify(value)}`).join('; ')}`
      assert.equal(parameterText(parseStructured(raw(field)), 'filename'), name.replace(/^\ufeff/, ''))
    }),
    { numRuns: 500 },
  )
})

test('postal-mime reads lists of addresses to the same mailboxes', () => {
  const mailbox = fc
    .tuple(
      fc.stringMatching(/^[A-Za-z ]{0,15}$/),
      fc.stringMatching(/^[a-z0-9.]{1,10}@[a-z]{1,10}\.example$/),
      fc.nat({ max: 3 }),
    )
    .map(([name, address, form]) => {
      const label = name.trim().replace(/\s+/g, ' ')
      if (label === '' || form === 0) return form === 1 ? `<${address}>` : address
      return form === 1
        ? `${label} <${address}>`
        : form === 2
          ? `"${label}" <${address}>`
          : `${address} (${label})`
    })
  fc.assert(
    fc.property(
      fc.array(mailbox, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(', ', ',', ' , ', ',\r\n '),
      (mailboxes, between) => {
        const field = mailboxes.join(between)
        const theirs = addressParser(field.replace(/\r\n/g, ''), { flatten: true }).map(
          ({ name, address }) => ({ name, address: address ?? '' }),
        )
        assert.deepEqual(parseAddresses(field, 100), theirs)
      },
    ),
    { numRuns: 500 },
  )
})

test('html-to-text finds the same words in HTML that is sound', () => {
  const word = fc.stringMatching(/^[a-zäöü0-9&;]{1,10}$/).map((text) => text.replace(/&/g, '&amp;'))
  const html = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      word,
      fc
        .tuple(
          fc.constantFrom('p', 'div', 'b', 'i', 'span', 'li', 'td', 'h1', 'blockquote'),
          fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
        )
        .map(([name, children]) => `<${name} class="x>y">${children.join(' ')}</${name}>`),
    ),
  })).node
  fc.assert(
    fc.property(html, (written) => {
      const words = (text: string): string[] => text.match(/[^\s>*]+/g) ?? []
      const theirs = convert(written, {
        wordwrap: false,
        selectors: [{ selector: 'h1', options: { uppercase: false } }],
      })
      assert.deepEqual(words(htmlText(written, 100_000)), words(theirs))
    }),
    { numRuns: 500 },
  )
})

test('postal-mime finds the same subjects and bodies in any message of two texts', async () => {
  const body = fc
    .stringMatching(/^[ -~]{1,60}$/)
    .filter((text) => text.trim() === text && !text.startsWith('--'))
  await fc.assert(
    fc.asyncProperty(phrase, body, body, async (subject, plain, html) => {
      const bytes = Buffer.from(
        [
          `Subject: ${libmime.encodeWord(subject, 'B', 60).replace(/ /g, '\r\n ')}`,
          'Content-Type: multipart/mixed; boundary=b',
          '',
          '--b',
          '',
          plain,
          '--b',
          'Content-Type: text/plain',
          'Content-Transfer-Encoding: base64',
          '',
          Buffer.from(html).toString('base64'),
          '--b--',
          '',
        ].join('\r\n'),
      )
      const email = await new PostalMime().parse(bytes)
      const { envelope, structure } = parseStructure(bytes)
      assert.equal(envelope.subject, (email.subject ?? '').trim())
      const texts = structure.parts.map(({ bodyStart, bodyEnd, encoding }) => {
        const text = bytes.subarray(bodyStart, bodyEnd)
        return Buffer.from(encoding === 'base64' ? decodeBase64(text) : text).toString()
      })
      assert.deepEqual(texts, [plain, html])
      assert.equal(email.text?.replace(/\s+/g, ' ').trim(), texts.join(' ').replace(/\s+/g, ' '))
    }),
    { numRuns: 200 },
  )
})
