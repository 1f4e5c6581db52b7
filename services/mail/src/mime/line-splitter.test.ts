import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_DELIMITER_LINE } from './limits.ts'
import { LineEndings, type LineSink, LineSplitter } from './line-splitter.ts'
import { cutAt } from './random-message.fixture.ts'

type Line = { offset: number; text: string; long: boolean }

/** What a sink is told, put together to whole lines. */
class Recorder implements LineSink {
  readonly lines: Line[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #offset = 0

  open(bytes: Buffer, offset: number): void {
    this.#bytes = bytes
    this.#offset = offset
  }
  line(start: number, end: number, long: boolean): void {
    this.lines.push({ offset: this.#offset + start, text: this.#bytes.toString('latin1', start, end), long })
  }
  more(start: number, end: number): void {
    const last = this.lines.at(-1) as Line
    assert.equal(this.#offset + start, last.offset + last.text.length, 'a line goes on where it stopped')
    last.text += this.#bytes.toString('latin1', start, end)
  }
  close(): void {}
}

const linesOf = (pieces: readonly Buffer[]): Line[] => {
  const recorder = new Recorder()
  const splitter = new LineSplitter(recorder)
  for (const piece of pieces) splitter.write(piece)
  splitter.end()
  assert.equal(
    splitter.offset,
    pieces.reduce((length, piece) => length + piece.length, 0),
  )
  return recorder.lines
}

const anyLines = fc
  .array(fc.constantFrom('a', '\r', '\n', '\r\n', 'bc', 'x'.repeat(600), 'y'.repeat(1100)), { maxLength: 30 })
  .map((pieces) => Buffer.from(pieces.join('')))

test('lines come whole, with their line ends, at their offsets', () => {
  assert.deepEqual(linesOf([Buffer.from('ab\r\n\nc\rd')]), [
    { offset: 0, text: 'ab\r\n', long: false },
    { offset: 4, text: '\n', long: false },
    { offset: 5, text: 'c\rd', long: false },
  ])
})

test('lines are the same however the bytes were cut', () => {
  fc.assert(
    fc.property(anyLines, fc.array(fc.nat(), { maxLength: 10 }), (bytes, places) => {
      assert.deepEqual(linesOf(cutAt(bytes, places)), linesOf([bytes]))
    }),
    { numRuns: 1000 },
  )
})

test('lines put together are the bytes', () => {
  fc.assert(
    fc.property(anyLines, fc.array(fc.nat(), { maxLength: 10 }), (bytes, places) => {
      assert.equal(
        linesOf(cutAt(bytes, places))
          .map(({ text }) => text)
          .join(''),
        bytes.toString('latin1'),
      )
    }),
  )
})

test('a line longer than any delimiter is long, whether it comes in one piece or in many', () => {
  const bytes = Buffer.from(
    `${'x'.repeat(MAX_DELIMITER_LINE - 2)}\r\n${'y'.repeat(MAX_DELIMITER_LINE - 1)}\r\n`,
  )
  const bytewise = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
  for (const pieces of [[bytes], bytewise]) {
    assert.deepEqual(
      linesOf(pieces).map(({ long }) => long),
      [false, true],
    )
  }
})

test('a CR at the end of a chunk stays with the LF of the next', () => {
  const line = 'x'.repeat(2000)
  assert.deepEqual(linesOf([Buffer.from(`${line}\r`), Buffer.from('\nz')]), [
    { offset: 0, text: `${line}\r\n`, long: true },
    { offset: 2002, text: 'z', long: false },
  ])
})

test('nothing has no lines', () => assert.deepEqual(linesOf([]), []))

const endingsOf = (pieces: readonly Buffer[]): { bareCr: boolean; bareLf: boolean; hasNul: boolean } => {
  const endings = new LineEndings()
  for (const piece of pieces) endings.write(piece)
  endings.end()
  const feeds = Buffer.concat(pieces).filter((byte) => byte === 10).length
  return { bareCr: endings.bareCr, bareLf: endings.hasBareLf(feeds), hasNul: endings.hasNul }
}

const ENDINGS: readonly [string, boolean, boolean, boolean][] = [
  ['a\r\nb\r\n', false, false, false],
  ['a\nb', false, true, false],
  ['\n', false, true, false],
  ['a\rb', true, false, false],
  ['a\r', true, false, false],
  ['a\r\r\n', true, false, false],
  ['a\n\r\n', false, true, false],
  ['a\r\n\n', false, true, false],
  ['a\0b', false, false, true],
  ['', false, false, false],
]

for (const [text, bareCr, bareLf, hasNul] of ENDINGS) {
  test(`line ends of ${JSON.stringify(text)}, however it is cut`, () => {
    const bytes = Buffer.from(text)
    for (let place = 0; place <= bytes.length; place++) {
      assert.deepEqual(endingsOf([bytes.subarray(0, place), bytes.subarray(place)]), {
        bareCr,
        bareLf,
        hasNul,
      })
    }
  })
}

test('line ends are told apart the same way however the bytes were cut', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[ab\r\n]{0,20}$/),
      fc.array(fc.nat(), { maxLength: 6 }),
      (text, places) => {
        const bytes = Buffer.from(text)
        const plain = text.replaceAll('\r\n', '')
        const expected = { bareCr: plain.includes('\r'), bareLf: plain.includes('\n'), hasNul: false }
        assert.deepEqual(endingsOf(cutAt(bytes, places)), expected)
      },
    ),
    { numRuns: 500 },
  )
})
