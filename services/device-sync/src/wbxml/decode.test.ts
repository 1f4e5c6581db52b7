import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeWbxml, type WbxmlLimits } from './decode.ts'
import { encodeWbxml } from './encode.ts'
import { WbxmlError, type WbxmlErrorCode } from './errors.ts'
import { el, type WbxmlNode } from './node.ts'
import { childrenOf } from './read.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const refuses = (bytes: Uint8Array, code: WbxmlErrorCode, status: 102 | 103, limits?: Partial<WbxmlLimits>) =>
  assert.throws(
    () => decodeWbxml(bytes, limits),
    (error) =>
      error instanceof WbxmlError && error.code === code && error.status === status && !error.retryable,
  )

describe('header', () => {
  const ping = el('ping:Ping')
  const accepted = {
    'WBXML 1.1': '01 01 6a 00 00 0d 05',
    'WBXML 1.2': '02 01 6a 00 00 0d 05',
    'no charset (old clients)': '03 01 00 00 00 0d 05',
    'a public id of two bytes': '03 a0 05 6a 00 00 0d 05',
    'a string table that nothing refers to': '03 01 6a 03 61 62 00 00 0d 05',
    'an integer with leading zeros': '03 80 80 01 6a 00 00 0d 05',
  }
  for (const [name, bytes] of Object.entries(accepted)) {
    test(`accepts ${name}`, () => assert.deepEqual(decodeWbxml(hex(bytes)), ping))
  }
  const refused: [name: string, bytes: string, code: WbxmlErrorCode][] = [
    ['an empty document', '', 'WBXML_TRUNCATED'],
    ['a version of the future', '04 01 6a 00 00 0d 05', 'WBXML_HEADER'],
    ['version 0', '00 01 6a 00 00 0d 05', 'WBXML_HEADER'],
    ['XML as text', '3c 3f 78 6d 6c 20', 'WBXML_HEADER'],
    ['a public id in the string table', '03 00 00 6a 00 00 0d 05', 'WBXML_HEADER'],
    ['Latin-1', '03 01 04 00 00 0d 05', 'WBXML_HEADER'],
    ['a string table longer than the document', '03 01 6a 7f 61', 'WBXML_TRUNCATED'],
    ['only a header', '03 01 6a 00', 'WBXML_TRUNCATED'],
    ['a public id beyond 32 bits', '03 90 80 80 80 00 6a 00 00 0d 05', 'WBXML_INTEGER'],
    ['an integer of six bytes', '03 80 80 80 80 80 01 6a 00 00 0d 05', 'WBXML_INTEGER'],
  ]
  for (const [name, bytes, code] of refused) {
    test(`refuses ${name}`, () => refuses(hex(bytes), code, 102))
  }
  test('refuses a large string table before it reads it', () => {
    refuses(hex('03 01 6a 8f ff ff ff 7f'), 'WBXML_LIMIT', 103)
  })
})

describe('hostile input', () => {
  const start = '03 01 6a 00 '
  const refused: [name: string, bytes: string, code: WbxmlErrorCode][] = [
    ['a code page that is not there', '00 1a 05', 'WBXML_PAGE'],
    ['code page 255', '00 ff 05', 'WBXML_PAGE'],
    ['a switch of page at the end', '00', 'WBXML_TRUNCATED'],
    ['an unknown tag', '3f', 'WBXML_TAG'],
    ['an unknown tag with content', '7f 01', 'WBXML_TAG'],
    ['a tag in a gap of page 25', '00 19 0f', 'WBXML_TAG'],
    ['attributes', '85 01 01', 'WBXML_TOKEN'],
    ['attributes and content', 'c5 01 01', 'WBXML_TOKEN'],
    ['END before any element', '01', 'WBXML_TOKEN'],
    ['ENTITY', '45 02 60 01', 'WBXML_TOKEN'],
    ['STR_I as root', '03 61 00', 'WBXML_TOKEN'],
    ['LITERAL', '45 04 00 01', 'WBXML_TOKEN'],
    ['EXT_I_0', '45 40 61 00 01', 'WBXML_TOKEN'],
    ['EXT_I_1', '45 41 61 00 01', 'WBXML_TOKEN'],
    ['EXT_I_2', '45 42 61 00 01', 'WBXML_TOKEN'],
    ['PI before the root', '43 05 01', 'WBXML_TOKEN'],
    ['PI in content', '45 43 05 01 01', 'WBXML_TOKEN'],
    ['LITERAL_C', '45 44 00 01', 'WBXML_TOKEN'],
    ['EXT_T_0', '45 80 00 01', 'WBXML_TOKEN'],
    ['EXT_T_1', '45 81 00 01', 'WBXML_TOKEN'],
    ['EXT_T_2', '45 82 00 01', 'WBXML_TOKEN'],
    ['STR_T, a reference to the string table', '45 83 00 01', 'WBXML_TOKEN'],
    ['LITERAL_A', '45 84 00 01', 'WBXML_TOKEN'],
    ['EXT_0', '45 c0 01', 'WBXML_TOKEN'],
    ['EXT_1', '45 c1 01', 'WBXML_TOKEN'],
    ['EXT_2', '45 c2 01', 'WBXML_TOKEN'],
    ['LITERAL_AC', '45 c4 00 01', 'WBXML_TOKEN'],
    ['an element without END', '45', 'WBXML_TRUNCATED'],
    ['a string without its NUL', '4b 03 30 31', 'WBXML_TRUNCATED'],
    ['opaque content longer than the document', '4b c3 05 61', 'WBXML_TRUNCATED'],
    ['opaque content without a length', '4b c3', 'WBXML_TRUNCATED'],
    ['an opaque length cut in the middle', '4b c3 81', 'WBXML_TRUNCATED'],
    ['an opaque length beyond 32 bits', '4b c3 9f ff ff ff 7f 61 01', 'WBXML_INTEGER'],
    ['text that is not UTF-8', '4b 03 e4 00 01', 'WBXML_TEXT'],
    ['an overlong UTF-8 form', '4b 03 c0 80 00 01', 'WBXML_TEXT'],
    ['a surrogate in UTF-8', '4b 03 ed a0 80 00 01', 'WBXML_TEXT'],
    ['text before an element', '45 03 61 00 05 01', 'WBXML_MIXED'],
    ['text after an element', '45 05 03 61 00 01', 'WBXML_MIXED'],
    ['opaque content after text', '4b 03 61 00 c3 01 61 01', 'WBXML_MIXED'],
    ['opaque content twice', '4b c3 01 61 c3 01 61 01', 'WBXML_MIXED'],
    ['a second root', '05 05', 'WBXML_TRAILING'],
    ['bytes after the root', '05 00', 'WBXML_TRAILING'],
  ]
  for (const [name, bytes, code] of refused) {
    test(`${name}: status 102`, () => refuses(hex(start + bytes), code, 102))
  }
  test('a string in two pieces is one text', () => {
    assert.deepEqual(decodeWbxml(hex(`${start}4b 03 61 00 03 62 00 01`)), el('airsync:SyncKey', 'ab'))
  })
  test('a switch of page inside a text changes nothing but the page', () => {
    const node = decodeWbxml(hex(`${start}45 4b 03 61 00 00 11 01 0a 01`))
    assert.deepEqual(node, el('airsync:Sync', [el('airsync:SyncKey', 'a'), el('airsyncbase:Body')]))
  })
  test('content bit and END at once are an empty tag', () => {
    assert.deepEqual(decodeWbxml(hex(`${start}4b 01`)), el('airsync:SyncKey'))
  })
  test('an empty string is a text, not an empty tag', () => {
    assert.deepEqual(decodeWbxml(hex(`${start}4b 03 00 01`)), el('airsync:SyncKey', ''))
  })
})

describe('memory', () => {
  const document = encodeWbxml(el('composemail:SendMail', [el('composemail:Mime', Buffer.from('a message'))]))

  test('of opaque content is the document’s: a message of megabytes isn’t copied', () => {
    const bytes = new Uint8Array(document)
    const [mime] = childrenOf(decodeWbxml(bytes))
    const content = mime?.content
    assert.ok(content instanceof Uint8Array)
    assert.equal(content.buffer, bytes.buffer)
  })
  test('that is part of something larger is read from where it begins', () => {
    const larger = new Uint8Array(document.length + 20).fill(0xff)
    larger.set(document, 10)
    assert.deepEqual(decodeWbxml(larger.subarray(10, 10 + document.length)), decodeWbxml(document))
  })
  test('that isn’t a Buffer is read as one', () => {
    assert.deepEqual(decodeWbxml(Uint8Array.from(document)), decodeWbxml(Buffer.from(document)))
  })
})

describe('bounds: status 103', () => {
  const nested = (depth: number): Uint8Array =>
    Buffer.concat([hex('03 01 6a 00'), Buffer.alloc(depth, 0x45), Buffer.alloc(depth, 0x01)])

  test('elements 32 deep are read, 33 are not', () => {
    let depth = 0
    for (let node: WbxmlNode | undefined = decodeWbxml(nested(32)); node; depth += 1)
      node = Array.isArray(node.content) ? node.content[0] : undefined
    assert.equal(depth, 32)
    refuses(nested(33), 'WBXML_LIMIT', 103)
  })
  test('a million nested elements end in the same error', () =>
    refuses(nested(1_000_000), 'WBXML_LIMIT', 103))
  test('more elements than allowed', () => {
    const wide = encodeWbxml(el('airsync:Sync', new Array(10).fill(el('airsync:Status'))))
    assert.ok(decodeWbxml(wide, { maxElements: 11 }))
    refuses(wide, 'WBXML_LIMIT', 103, { maxElements: 10 })
  })
  test('a string longer than allowed', () => {
    const long = encodeWbxml(el('airsync:SyncKey', 'x'.repeat(100)))
    assert.ok(decodeWbxml(long, { maxText: 100 }))
    refuses(long, 'WBXML_LIMIT', 103, { maxText: 99 })
  })
  test('strings in pieces that are too long together', () => {
    refuses(hex('03 01 6a 00 4b 03 61 61 00 03 61 61 00 01'), 'WBXML_LIMIT', 103, { maxText: 3 })
  })
  test('opaque content longer than allowed, judged by its length alone', () => {
    refuses(hex('03 01 6a 00 4b c3 8f ff ff ff 7f'), 'WBXML_LIMIT', 103)
    refuses(hex('03 01 6a 00 4b c3 02 61 61 01'), 'WBXML_LIMIT', 103, { maxOpaque: 1 })
  })
  test('a document longer than allowed', () => {
    refuses(hex('03 01 6a 00 05'), 'WBXML_LIMIT', 103, { maxBytes: 4 })
  })
})

describe('texts', () => {
  const textOf = (bytes: Uint8Array) =>
    decodeWbxml(Buffer.concat([Buffer.from('03016a004503', 'hex'), bytes, Buffer.from([0, 1])])).content
  for (const length of [0, 1, 2, 79, 80, 81, 300])
    test(`of ${length} letters, and of as many that aren’t ASCII, are what they are`, () => {
      for (const letter of ['a', '~', '\u007f', 'ä', '\u{1f600}'])
        assert.equal(textOf(Buffer.from(letter.repeat(length))), letter.repeat(length))
    })
  test('that end in the middle, or aren’t UTF-8, are refused at any length', () => {
    const head = Buffer.from('03016a004503', 'hex')
    for (const length of [0, 1, 79, 80, 81, 300]) {
      const text = Buffer.alloc(length, 'a')
      assert.throws(() => decodeWbxml(Buffer.concat([head, text])), { code: 'WBXML_TRUNCATED' })
      assert.throws(() => textOf(Buffer.concat([text, Buffer.from([0xff])])), { code: 'WBXML_TEXT' })
    }
  })
  test('are bounded at any length', () => {
    const document = (length: number) =>
      Buffer.concat([Buffer.from('03016a004503', 'hex'), Buffer.alloc(length, 'a'), Buffer.from([0, 1])])
    for (const maxText of [0, 5, 79, 80, 81]) {
      assert.equal(decodeWbxml(document(maxText), { maxText }).tag, 'airsync:Sync')
      assert.throws(() => decodeWbxml(document(maxText + 1), { maxText }), { code: 'WBXML_LIMIT' })
    }
  })
})
