import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Boundaries, startsLikeDelimiter } from './boundaries.ts'

const match = (boundaries: Boundaries<string>, line: string): string | null => {
  const bytes = Buffer.from(`xx${line}yy`, 'latin1')
  const found = boundaries.match(bytes, 2, 2 + line.length)
  return found && `${found.closing ? 'end of ' : ''}${found.owner}`
}

const open = (...names: string[]): Boundaries<string> => {
  const boundaries = new Boundaries<string>()
  for (const name of names) boundaries.open(name, name)
  return boundaries
}

const CASES: readonly [string, string | null][] = [
  ['--b\r\n', 'b'],
  ['--b\n', 'b'],
  ['--b', 'b'],
  ['--b \t \r\n', 'b'],
  ['--b--\r\n', 'end of b'],
  ['--b-- \r\n', 'end of b'],
  ['--b --\r\n', 'end of b'],
  ['--bx\r\n', null],
  ['--b-\r\n', null],
  ['--b--x\r\n', null],
  ['--b x\r\n', null],
  ['-- b\r\n', null],
  ['--B\r\n', null],
  ['--\r\n', null],
  ['----\r\n', null],
]

for (const [line, expected] of CASES) {
  test(`${JSON.stringify(line)} is ${expected ?? 'no'} delimiter`, () =>
    assert.equal(match(open('b'), line), expected))
}

test('a boundary that is the beginning of another is told apart from it', () => {
  const boundaries = open('b', 'bb', 'bbb')
  assert.equal(match(boundaries, '--bb\r\n'), 'bb')
  assert.equal(match(boundaries, '--bbb--\r\n'), 'end of bbb')
})

test('a boundary that ends in dashes is not the end of another', () => {
  const boundaries = open('b', 'b--')
  assert.equal(match(boundaries, '--b--\r\n'), 'b--')
  assert.equal(match(boundaries, '--b----\r\n'), 'end of b--')
})

test('boundaries may have spaces and 8-bit bytes inside', () => {
  assert.equal(match(open('foo bar'), '--foo bar\r\n'), 'foo bar')
  assert.equal(match(open('\xfc'), '--\xfc\r\n'), '\xfc')
})

test('of two multiparts with one boundary the inner one counts until it is closed', () => {
  const boundaries = new Boundaries<string>()
  boundaries.open('b', 'outer')
  boundaries.open('b', 'inner')
  assert.equal(match(boundaries, '--b\r\n'), 'inner')
  boundaries.close('b', 'inner')
  assert.equal(match(boundaries, '--b\r\n'), 'outer')
  boundaries.close('b', 'outer')
  assert.equal(match(boundaries, '--b\r\n'), null)
  assert.ok(boundaries.isEmpty)
})

test('closing what is not open changes nothing', () => {
  const boundaries = open('b')
  boundaries.close('b', 'other')
  boundaries.close('c', 'b')
  assert.equal(match(boundaries, '--b\r\n'), 'b')
})

test('only two dashes begin a delimiter', () => {
  assert.ok(startsLikeDelimiter(Buffer.from('x--b'), 1))
  assert.ok(!startsLikeDelimiter(Buffer.from('x-b'), 1))
  assert.ok(!startsLikeDelimiter(Buffer.from('-'), 0))
})
