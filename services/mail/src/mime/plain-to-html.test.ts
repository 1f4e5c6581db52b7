import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { htmlText } from './html-text.ts'
import { bodyEnd, bodyFragment, escapeHtml, htmlDocument, plainToFragment } from './plain-to-html.ts'

test('what means something in HTML is escaped', () => {
  assert.equal(escapeHtml('<a href="b">&</a>'), '&lt;a href=&quot;b&quot;&gt;&amp;&lt;/a&gt;')
})

test('line breaks, indents and runs of spaces stay', () => {
  assert.equal(plainToFragment('a\r\nb\nc'), 'a<br>\r\nb<br>\r\nc')
  assert.equal(plainToFragment(' a   b'), '&nbsp;a&nbsp;&nbsp; b')
  assert.equal(plainToFragment('\ta'), '&nbsp;&nbsp;&nbsp;&nbsp;a')
})

test('a document says that it is UTF-8', () => {
  assert.match(
    htmlDocument('a'),
    /^<html><head><meta http-equiv="Content-Type" content="text\/html; charset=utf-8"><\/head><body>/,
  )
})

test('text that became HTML reads the same', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,60}$/), (text) => {
      const shown = htmlText(htmlDocument(plainToFragment(text)), 10_000)
        .replace(/\s+/g, ' ')
        .trim()
      assert.equal(shown, text.replace(/\s+/g, ' ').trim())
    }),
  )
})

const FRAGMENTS: readonly [string, string][] = [
  ['<html><body>a</body></html>', 'a'],
  ['<HTML><BODY bgcolor="white">a</BODY ></HTML>', 'a'],
  ['<html><head><title>t</title></head><body>a', 'a'],
  ['a</html>', 'a'],
  ['<p>a</p>', '<p>a</p>'],
  ['', ''],
]

for (const [html, fragment] of FRAGMENTS) {
  test(`the inside of ${JSON.stringify(html)}`, () => assert.equal(bodyFragment(html), fragment))
}

test('the end of the text is before the tags that end the document', () => {
  for (const html of ['<body>a</body></html>', 'a</body>', 'a</HTML>', 'a']) {
    assert.ok(html.slice(0, bodyEnd(html)).endsWith('a'))
  }
})
