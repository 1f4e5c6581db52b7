import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bodyOf } from './body-parts.ts'
import { decodeCharset } from './charset.ts'
import { readEntityHeader } from './entity.ts'
import { readHeaderBlock } from './header-block.ts'
import { KeptText } from './kept-text.ts'
import { entity, htmlText, message, multipart, plainText, type TestMessage } from './message.fixture.ts'
import { addToCapture } from './preview.ts'
import { PreviewCaptures } from './preview-captures.ts'
import { isAtMost, readText } from './read-text.ts'
import { type Format, renderText } from './render-text.ts'
import { createTextBudget, spend } from './text-budget.ts'

const source = (letter: TestMessage) => {
  const [found] = bodyOf(letter.structure).html
  assert.ok(found)
  return found
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('reading one text', () => {
  test('a text is whole, in UTF-8, with its exact size', async () => {
    const letter = message(entity(['Content-Type: text/plain; charset=iso-8859-1'], 'Gr\xfc\xdfe'))
    const { bytes, estimated, complete } = await readText(source(letter), letter.read, 1)
    assert.deepEqual([textOf(bytes), estimated, complete], ['Grüße', 7, true])
  })

  test('a text that is UTF-8 already is a view of what was read, not a copy', async () => {
    const letter = message(plainText('plain'))
    const { bytes } = await readText(source(letter), letter.read, 100)
    assert.equal(bytes.buffer, letter.bytes.buffer)
  })

  test('a part is small if both its text and its bytes are', () => {
    const { structure } = message(plainText('12345'))
    assert.ok(isAtMost(structure, 5))
    assert.ok(!isAtMost(structure, 4))
    assert.ok(!isAtMost({ ...structure, bodyEnd: structure.bodyStart + 21 }, 5))
  })

  test('a long text in any character set ends between two characters, wherever it is cut', async () => {
    for (const [charset, bytes] of [
      ['utf-8', Buffer.from('ä€😀')],
      ['gb18030', Buffer.from([0xc4, 0xe3, 0x81, 0x30, 0x84, 0x36])],
      ['euc-jp', Buffer.from([0xa4, 0xb3, 0x61])],
      ['utf-16be', Buffer.from([0xd8, 0x3d, 0xde, 0x00, 0x00, 0x61])],
    ] as const) {
      const body = Buffer.alloc(400_000 - (400_000 % bytes.length), bytes).toString('latin1')
      const letter = message(entity([`Content-Type: text/plain; charset=${charset}`], body))
      const expected = decodeCharset(bytes, charset)
      for (const wanted of [1000, 65_537, 65_538, 65_539, 131_073]) {
        const { bytes: read, complete } = await readText(source(letter), letter.read, wanted)
        const text = textOf(read)
        assert.ok(!complete)
        assert.ok(!text.includes('\ufffd'), `${charset} ${wanted}`)
        assert.ok(expected.repeat(200_000).startsWith(text), `${charset} ${wanted}`)
      }
    }
  })
})

describe('reading the text of a message', () => {
  const render = async (letter: TestMessage, format: Format, wanted = 10_000) => {
    const text = await renderText({ body: bodyOf(letter.structure), read: letter.read, format, wanted })
    return { ...text, text: textOf(text.bytes) }
  }

  test('one text in its own format is given as it is', async () => {
    assert.equal((await render(message(htmlText('<p>x</p>')), 'html')).text, '<p>x</p>')
    assert.equal((await render(message(plainText('x')), 'plain')).text, 'x')
  })

  test('a converted text has the size of what it became', async () => {
    const { text, estimated, complete } = await render(message(htmlText('<p>one</p><p>two</p>')), 'plain')
    assert.deepEqual([text, estimated, complete], ['one\r\n\r\ntwo', Buffer.byteLength(text), true])
    const html = await render(message(plainText('a < b')), 'html')
    assert.deepEqual([html.estimated, html.complete], [Buffer.byteLength(html.text), true])
  })

  test('a message without a text has none, whole', async () => {
    const none = message(entity(['Content-Type: application/pdf'], 'x'))
    for (const format of ['plain', 'html'] as const) {
      const { text, estimated, complete } = await render(none, format)
      assert.deepEqual([text, estimated, complete], ['', 0, true])
    }
  })

  test('texts beyond what is wanted are not read', async () => {
    const letter = message(
      multipart('mixed', 'b', plainText('first'), plainText('second'), plainText('third')),
    )
    const reads: string[] = []
    const read = (start: number, end: number): Uint8Array => {
      reads.push(letter.bytes.toString('latin1', start, end))
      return letter.bytes.subarray(start, end)
    }
    const { bytes, complete, estimated } = await renderText({
      body: bodyOf(letter.structure),
      read,
      format: 'plain',
      wanted: 6,
    })
    assert.deepEqual(reads, ['first', 'second'])
    assert.deepEqual([textOf(bytes), complete, estimated], ['first\r\nsecond', false, 16])
  })

  test('any texts in a row are all there, in their order, in both formats', async () => {
    const words = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(words, async (texts) => {
        const letter = message(
          multipart(
            'mixed',
            'b',
            ...texts.map(([word, html]) => (html ? htmlText(`<p>${word}</p>`) : plainText(word))),
          ),
        )
        for (const format of ['plain', 'html'] as const) {
          const { text } = await render(letter, format)
          const found = text
            .replace(/^.*<body>/s, '')
            .replace(/<[^>]*>/g, ' ')
            .match(/[a-z]+/g)
          assert.deepEqual(
            found,
            texts.map(([word]) => word),
          )
        }
      }),
    )
  })
})

describe('what is kept of texts while they stream by', () => {
  test('each text is found by its offsets, from where it begins', () => {
    const kept = new KeptText(100)
    kept.begin(10)
    kept.add(Buffer.from('xxabcxx'), 2, 5)
    kept.add(Buffer.from('def'), 0, 3)
    kept.begin(50)
    kept.add(Buffer.from('ghi'), 0, 3)
    const read = (start: number, end: number): string => textOf(kept.read(start, end) as Uint8Array)
    assert.equal(read(10, 16), 'abcdef')
    assert.equal(read(12, 14), 'cd')
    assert.equal(read(50, 53), 'ghi')
    assert.equal(read(50, 99), 'ghi')
    assert.equal(read(0, 5), '')
  })

  test('no more than there is room for is kept, of all texts together', () => {
    const kept = new KeptText(4)
    kept.begin(0)
    kept.add(Buffer.from('abc'), 0, 3)
    kept.begin(10)
    kept.add(Buffer.from('def'), 0, 3)
    kept.add(Buffer.from('ghi'), 0, 3)
    assert.equal(textOf(kept.read(0, 3) as Uint8Array), 'abc')
    assert.equal(textOf(kept.read(10, 13) as Uint8Array), 'd')
  })

  test('what is kept is a copy', () => {
    const kept = new KeptText(100)
    const chunk = Buffer.from('abc')
    kept.begin(0)
    kept.add(chunk, 0, 3)
    chunk.fill(0)
    assert.equal(textOf(kept.read(0, 3) as Uint8Array), 'abc')
  })

  test('nothing begun is nothing kept', () => {
    const kept = new KeptText(100)
    kept.add(Buffer.from('abc'), 0, 3)
    assert.equal((kept.read(0, 3) as Uint8Array).length, 0)
  })
})

describe('which text a preview is made of', () => {
  const part = (type: string, more: Partial<TestMessage['structure']> = {}) => ({
    ...message('').structure,
    type,
    charset: '',
    encoding: '7bit',
    ...more,
  })
  const fill = (capture: ReturnType<PreviewCaptures['begin']>, text: string): void => {
    assert.ok(capture)
    addToCapture(capture, Buffer.from(text), 0, text.length)
  }

  test('HTML behind a plain text that says something is not copied', () => {
    const captures = new PreviewCaptures()
    fill(captures.begin(part('text/plain'), false), 'plain')
    assert.equal(captures.begin(part('text/html'), false), null)
    assert.equal(captures.preview(), 'plain')
  })

  test('HTML behind a plain text that says nothing is', () => {
    const captures = new PreviewCaptures()
    fill(captures.begin(part('text/plain'), false), ' \r\n')
    fill(captures.begin(part('text/html'), false), '<p>html</p>')
    assert.equal(captures.preview(), 'html')
  })

  test('a plain text behind HTML is the better one', () => {
    const captures = new PreviewCaptures()
    fill(captures.begin(part('text/html'), false), '<p>html</p>')
    fill(captures.begin(part('text/plain'), false), 'plain')
    assert.equal(captures.preview(), 'plain')
  })

  test('of each kind the first counts', () => {
    const captures = new PreviewCaptures()
    fill(captures.begin(part('text/plain'), true), 'embedded')
    assert.equal(captures.begin(part('text/plain'), true), null)
    assert.equal(captures.begin(part('text/plain', { filename: 'a.txt' }), false), null)
    assert.equal(captures.preview(), 'embedded')
  })

  test('what is no text, or attached, is of no use', () => {
    const captures = new PreviewCaptures()
    assert.equal(captures.begin(part('image/png'), false), null)
    assert.equal(captures.begin(part('text/csv'), false), null)
    assert.equal(captures.begin(part('text/plain', { disposition: 'attachment' }), false), null)
    assert.equal(captures.preview(), '')
  })

  test('what stands before the first part is the last resort', () => {
    const captures = new PreviewCaptures()
    fill(captures.beginPreamble(), 'preamble')
    assert.equal(captures.preview(), 'preamble')
    fill(captures.begin(part('text/plain'), true), 'embedded')
    assert.equal(captures.preview(), 'embedded')
  })
})

describe('the budget of texts', () => {
  test('texts that fit are taken, with something for their fields', () => {
    const budget = createTextBudget(30)
    assert.equal(spend(budget, 'abc'), 'abc')
    assert.equal(budget.left, 30 - 3 - 8)
  })

  test('a text that does not fit is dropped, and costs nothing', () => {
    const budget = createTextBudget(30)
    assert.equal(spend(budget, 'x'.repeat(23)), '')
    assert.equal(spend(budget, 'x'.repeat(22)), 'x'.repeat(22))
    assert.equal(spend(budget, 'y'), '')
  })

  test('texts cost their bytes, not their characters', () => {
    const budget = createTextBudget(12)
    assert.equal(spend(budget, '€€'), '')
    assert.equal(spend(budget, '€'), '€')
  })
})

describe('the header of an entity', () => {
  const read = (header: string, more: { defaultType?: string; budget?: number; hint?: string } = {}) =>
    readEntityHeader({
      fields: readHeaderBlock(header).fields,
      defaultType: more.defaultType ?? 'text/plain',
      budget: createTextBudget(more.budget ?? 10_000),
      hint: more.hint ?? '',
    })

  test('without a type it has that of its surroundings (RFC 2045 §5.2, RFC 2046 §5.1.5)', () => {
    assert.equal(read('').type, 'text/plain')
    assert.equal(read('', { defaultType: 'message/rfc822' }).type, 'message/rfc822')
    assert.equal(read('Content-Type: broken', { defaultType: 'message/rfc822' }).type, 'text/plain')
    assert.equal(read('Content-Type: multipart; boundary=b').type, 'multipart/mixed')
  })

  test('only parameters that readers need are kept', () => {
    const { parameters } = read(
      'Content-Type: text/plain; format=flowed; charset=utf-8; x-unix-mode=0644; method=REQUEST',
    )
    assert.deepEqual(parameters, { format: 'flowed', method: 'REQUEST' })
  })

  test('a boundary may be continued (RFC 2231 §3), and loses white space at its end (RFC 2046 §5.1.1)', () => {
    assert.equal(read('Content-Type: multipart/mixed; boundary*0=a; boundary*1=b').boundary, 'ab')
    assert.equal(read('Content-Type: multipart/mixed; boundary="a b  "').boundary, 'a b')
  })

  test('a disposition that is none is none', () => {
    assert.equal(read('Content-Disposition: ATTACHMENT; filename=a').disposition, 'attachment')
    assert.equal(read('Content-Disposition: filename=a').disposition, '')
    assert.equal(read('Content-Disposition: "inline"').disposition, '')
  })

  test('ids lose their brackets, locations their folds', () => {
    const { contentId, contentLocation } = read(
      'Content-ID: <a@b>\r\nContent-Location: http://x.example/\r\n y',
    )
    assert.deepEqual([contentId, contentLocation], ['a@b', 'http://x.example/ y'])
  })

  test('a file name in 8-bit text is read in the character set of the message', () => {
    assert.equal(
      read('Content-Disposition: attachment; filename="\xcf\xf0.txt"', { hint: 'windows-1251' }).filename,
      'Пр.txt',
    )
  })

  test('beyond the budget a part has no names, and is opaque', () => {
    const { type, filename, charset } = read('Content-Type: text/html; charset=utf-8; name=a.html', {
      budget: 4,
    })
    assert.deepEqual([type, filename, charset], ['application/octet-stream', '', ''])
  })
})
