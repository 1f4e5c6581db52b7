import assert from 'node:assert/strict'
import { test } from 'node:test'
import { htmlToPlain } from './html-to-plain.ts'

const CASES: readonly [string, string, string][] = [
  ['paragraphs', '<p>a</p><p>b</p>', 'a\r\n\r\nb'],
  ['breaks', 'a<br>b', 'a\r\nb'],
  ['lists', '<ul><li>a</li><li>b</li></ul>', ' * a\r\n * b'],
  ['numbered lists', '<ol><li>a</li><li>b</li></ol>', ' 1. a\r\n 2. b'],
  ['quotes', '<blockquote>a</blockquote>', '> a'],
  ['links with their targets', '<a href="https://x.example/y">here</a>', 'here <https://x.example/y>'],
  ['links that are their own text', '<a href="https://x.example">https://x.example</a>', 'https://x.example'],
  ['links inside of the text without a target', '<a href="#top">top</a>', 'top'],
  ['headings as they are written', '<h1>Title</h1>x', 'Title\r\n\r\nx'],
  ['images leave nothing', 'a<img src="cid:1" alt="logo">b', 'ab'],
  ['style sheets leave nothing', '<style>p{}</style>a', 'a'],
  ['references', 'a&amp;b&nbsp;c', 'a&b\u00a0c'],
  ['nothing', '', ''],
]

for (const [what, html, plain] of CASES)
  test(`HTML to plain text: ${what}`, () => assert.equal(htmlToPlain(html), plain))

test('long lines stay long: they are wrapped where they are read', () => {
  const line = 'word '.repeat(100).trim()
  assert.equal(htmlToPlain(`<p>${line}</p>`), line)
})

test('HTML too deep for the tree builder is read without a tree', () => {
  const html = `${'<div>'.repeat(200)}<p>a</p><p>b</p>${'</div>'.repeat(200)}`
  assert.equal(htmlToPlain(html), 'a\r\n\r\nb')
})

test('HTML too long for the tree builder is read without a tree', () => {
  const plain = htmlToPlain(`<p>first</p>${'<p>text</p>'.repeat(20_000)}`)
  assert.ok(plain.startsWith('first\r\n\r\ntext\r\n\r\ntext'))
})

test('elements that end by themselves make no depth', () => {
  assert.equal(htmlToPlain(`<ul>${'<li>a'.repeat(300)}</ul>`).split('\r\n').length, 300)
  assert.equal(htmlToPlain('<p>a'.repeat(300)).split('\r\n\r\n').length, 300)
})

test('of HTML longer than a megabyte the rest is not read', () => {
  assert.ok(htmlToPlain('<p>text</p>'.repeat(300_000)).length < 1024 * 1024)
})
