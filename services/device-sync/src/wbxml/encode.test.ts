import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode } from '../../test/arbitrary-wbxml.ts'
import { knownIn } from './code-pages.ts'
import { decodeWbxml } from './decode.ts'
import { encodeDocument, encodeWbxml } from './encode.ts'
import { el, StreamedContent, Utf8Text, type WbxmlNode } from './node.ts'
import { childrenOf } from './read.ts'
import { cleanText, cleanUtf8 } from './text.ts'

const through = (node: WbxmlNode): WbxmlNode => decodeWbxml(encodeWbxml(node))

describe('texts on the way out', () => {
  test('MS-ASWBXML: no NUL within STR_I', () => {
    assert.deepEqual(through(el('email:Subject', 'a\0b')), el('email:Subject', 'ab'))
  })
  test('XML 1.0 §2.2: control characters vanish, tab and line ends stay', () => {
    assert.equal(cleanText('\u0001a\t\r\n\u001fb\ufffe\uffff'), 'a\t\r\nb')
  })
  test('a lone surrogate becomes U+FFFD', () => {
    assert.equal(cleanText('a\ud800b'), 'a\ufffdb')
  })
  test('the same holds for UTF-8 bytes', () => {
    const dirty = Buffer.from('\u0001ä\t\u0000\ufffe', 'utf8')
    assert.deepEqual(through(el('email:Subject', new Utf8Text(dirty))), el('email:Subject', 'ä\t'))
  })
  test('bytes that are not UTF-8 become U+FFFD', () => {
    assert.equal(Buffer.from(cleanUtf8(Buffer.from([0x61, 0xe4, 0x62]))).toString('utf8'), 'a\ufffdb')
  })
  test('whatever is wrong is found wherever it stands', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 })
    fc.assert(
      fc.property(text, fc.nat({ max: 7 }), (one, offset) => {
        const bytes = Buffer.concat([
          Buffer.alloc(offset, 0x20),
          Buffer.from(one.toWellFormed(), 'utf8'),
        ]).subarray(offset)
        assert.equal(Buffer.from(cleanUtf8(bytes)).toString('utf8'), cleanText(one))
      }),
      { numRuns: 2_000 },
    )
    for (let at = 0; at < 16; at += 1)
      for (const bad of ['\u0000', '\u001f', '\ufffe', '\uffff']) {
        const spoiled = `${'€'.repeat(at)}${bad}abcdef`
        assert.equal(Buffer.from(cleanUtf8(Buffer.from(spoiled))).toString('utf8'), cleanText(spoiled))
      }
  })
  test('clean UTF-8 bytes are not copied', () => {
    const bytes = Buffer.from('Grüße 😀 ｆ', 'utf8')
    assert.equal(cleanUtf8(bytes), bytes)
  })
})

describe('builder', () => {
  test('numbers and booleans become text, missing children vanish', () => {
    const node = el('airsync:Sync', [
      el('airsync:Status', 3),
      undefined,
      false,
      el('email:Read', true),
      el('email:Read', false),
    ])
    assert.deepEqual(node.content, [
      { tag: 'airsync:Status', content: '3' },
      { tag: 'email:Read', content: '1' },
      { tag: 'email:Read', content: '0' },
    ])
  })
  test('an element without children is an empty tag', () => {
    assert.deepEqual(el('airsync:Commands', [undefined]), el('airsync:Commands'))
  })
})

describe('large documents', () => {
  test('a text longer than the first buffer', () => {
    const node = el('airsyncbase:Data', '€'.repeat(100_000))
    assert.deepEqual(through(node), node)
  })
  test('512 messages', () => {
    const node = el(
      'airsync:Commands',
      new Array(512).fill(el('airsync:Add', [el('email:Subject', 'x'.repeat(99))])),
    )
    assert.deepEqual(through(node), node)
  })
})

const collect = async (node: WbxmlNode): Promise<{ bytes: Buffer; length: number }> => {
  const { segments, length } = encodeDocument(node)
  const chunks: Uint8Array[] = []
  for (const segment of segments)
    if (segment instanceof StreamedContent) for await (const chunk of segment.chunks()) chunks.push(chunk)
    else chunks.push(segment)
  return { bytes: Buffer.concat(chunks), length }
}

describe('streamed content', () => {
  const chunks = async function* () {
    yield Buffer.from('aGVs')
    yield Buffer.from('bG8=')
  }
  test('as text: the same bytes as a string, and the length is known before', async () => {
    const node = (content: StreamedContent | string) =>
      el('itemoperations:Fetch', [el('itemoperations:Data', content), el('itemoperations:Status', 1)])
    const { bytes, length } = await collect(node(new StreamedContent('text', 8, chunks)))
    assert.deepEqual(bytes, Buffer.from(encodeWbxml(node('aGVsbG8='))))
    assert.equal(length, bytes.length)
  })
  test('as opaque: the same bytes as a buffer', async () => {
    const node = (content: StreamedContent | Buffer) => el('composemail:Mime', content)
    const { bytes, length } = await collect(node(new StreamedContent('opaque', 8, chunks)))
    assert.deepEqual(bytes, Buffer.from(encodeWbxml(node(Buffer.from('aGVsbG8=')))))
    assert.equal(length, bytes.length)
  })
  test('does not fit into one piece', () => {
    assert.throws(
      () => encodeWbxml(el('composemail:Mime', new StreamedContent('opaque', 8, chunks))),
      TypeError,
    )
  })
})

test('texts of any length around the bound are what they are, without what XML has no place for', () => {
  for (const length of [0, 1, 47, 48, 49, 300])
    for (const [given, kept] of [
      ['a', 'a'],
      ['~', '~'],
      ['\u007f', '\u007f'],
      ['\t', '\t'],
      ['ä', 'ä'],
      ['\u0000', ''],
      ['\u0001', ''],
      ['\ud800', '\ufffd'],
    ] as const) {
      const read = decodeWbxml(encodeWbxml(el('airsync:SyncKey', `${'a'.repeat(length)}${given}`)))
      assert.equal(read.content, `${'a'.repeat(length)}${kept}`)
    }
})

test('[HTTP 283]: a document for a version has its elements alone, and nothing of another version', () => {
  const versions = [25, 120, 121, 140, 141, 160, 161] as const
  const inside = (node: WbxmlNode): readonly WbxmlNode[] =>
    childrenOf(node).flatMap((one) => [one, ...inside(one)])
  fc.assert(
    fc.property(arbitraryNode, fc.constantFrom(...versions), (node, version) => {
      const { segments } = encodeDocument(node, version)
      const read = decodeWbxml(segments[0] as Uint8Array)
      assert.equal(read.tag, node.tag)
      assert.ok(inside(read).every(({ tag }) => knownIn(tag, version)))
      if (inside(node).every(({ tag }) => knownIn(tag, version))) assert.deepEqual(read, through(node))
    }),
    { numRuns: 300 },
  )
})
