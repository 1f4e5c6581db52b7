import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeReferences, htmlText } from './html-text.ts'

const text = (html: string): string => htmlText(html, 10_000)

const CASES: readonly [string, string, string][] = [
  ['tags go', '<b>a</b><i>b</i>', 'ab'],
  ['blocks begin and end lines', '<p>a</p><p>b</p>', '\na\n\nb\n'],
  ['a break is a line end', 'a<br>b<BR/>c', 'a\nb\nc'],
  ['white space is folded', 'a  \r\n\t b', 'a b'],
  ['cells are words', '<table><tr><td>a</td><td>b</td></tr></table>', '\n\n a  b \n\n'],
  ['style sheets are not shown', '<style>b { c: d }</style>a', 'a'],
  ['scripts are not shown', '<script>if (a < b) c()</script>a', 'a'],
  ['the head is not shown', '<html><head><title>t</title></head><body>a</body></html>', 'a'],
  ['the end of what is hidden may have white space', '<style>x</style >a', 'a'],
  ['a hidden element without an end hides nothing', '<head>a', 'a'],
  ['a style sheet without an end hides the rest', 'a<style>b', 'a'],
  ['comments are not shown', 'a<!-- b > c -->d', 'ad'],
  ['an empty comment is one', 'a<!-->b-->c', 'ab-->c'],
  ['a comment without an end hides the rest', 'a<!-- b', 'a'],
  ['conditional comments are not shown', 'a<!--[if mso]>b<![endif]-->c', 'ac'],
  ['declarations are not shown', '<!DOCTYPE html><?xml version="1.0"?>a<![if !mso]>b<![endif]>', 'ab'],
  ['a bracket in an attribute ends no tag', '<a title="b>c">d</a>', 'd'],
  ['a bracket in an attribute in single quotes ends no tag', "<a title='b>c'>d</a>", 'd'],
  ['a quote without an end is none', '<a title="b>c</a>d', 'cd'],
  ['a tag without an end hides the rest', 'a<b c', 'a'],
  ['a bracket that begins no tag is text', '1 < 2 and 3 <4', '1 < 2 and 3 <4'],
  ['the end of nothing is not shown', 'a</>b</ c>d', 'abd'],
  ['references are decoded', 'a&amp;b&lt;c&gt;&quot;&nbsp;d', 'a&b<c>" d'],
  ['nothing is nothing', '', ''],
]

for (const [what, html, expected] of CASES)
  test(`text of HTML: ${what}`, () => assert.equal(text(html), expected))

const REFERENCES: readonly [string, string][] = [
  ['&auml;&Auml;&szlig;&eacute;&yuml;', 'äÄßéÿ'],
  ['&euro;&hellip;&mdash;&rsquo;&ldquo;', '€…—’“'],
  ['&#228;&#xE4;&#XE4;', 'äää'],
  ['&#128;&#150;&#8364;', '€–€'],
  ['&#0;&#xD800;&#x110000;', '\ufffd\ufffd\ufffd'],
  ['&amp', '&'],
  ['&unheardof; &; & &#; &#x;', '&unheardof; &; & &#; &#x;'],
  ['&amp;lt;', '&lt;'],
  ['&shy;&zwnj;', ''],
  ['&constructor;', '&constructor;'],
]

for (const [html, expected] of REFERENCES)
  test(`references ${html}`, () => assert.equal(decodeReferences(html), expected))

test('no more is read than wanted', () => {
  assert.equal(htmlText('<p>abc</p>'.repeat(1000), 10).length, 10)
})

test('any HTML gives text without elements that can be told', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '<b>',
    '</b>',
    '<style>',
    '</style>',
    '<!--',
    '-->',
    '"',
    "'",
    '&amp;',
    '&#',
    'a',
    ' ',
    '<a b="',
    '<p',
    '/',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (html) => {
      assert.ok(htmlText(html.join(''), 500).length <= 500)
    }),
    { numRuns: 1000 },
  )
})

test('text that is escaped is read again', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~äöü€]{1,60}$/), (written) => {
      const escaped = written.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
      assert.equal(text(`<b>${escaped}</b>`), written)
    }),
  )
})
