import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { childAt, childrenOf, parseXml, textAt } from './xml.ts'

const parse = (text: string) => parseXml(Buffer.from(text))

test('an element is found by the names that lead to it', () => {
  const xml = parse('<?xml version="1.0"?><A xmlns="http://x"><B><C>one</C></B><B><C>two</C></B><D/></A>')
  assert.equal(textAt(xml, 'A', 'B', 'C'), 'one')
  assert.deepEqual(
    childrenOf(childAt(xml, 'A'), 'B').map((element) => textAt(element, 'C')),
    ['one', 'two'],
  )
  assert.equal(textAt(xml, 'A', 'D'), '')
})

test('what is not there is nothing', () => {
  const xml = parse('<A/>')
  assert.equal(childAt(xml, 'A', 'B', 'C'), undefined)
  assert.equal(textAt(xml, 'B'), '')
  assert.deepEqual(childrenOf(undefined, 'B'), [])
  assert.equal(childAt(xml, '__proto__'), undefined)
  assert.equal(childAt(xml, 'constructor'), undefined)
})

test('references to characters are the characters', () => {
  assert.equal(textAt(parse('<ETag>&#34;ab&quot;&amp;&#x3c;</ETag>'), 'ETag'), '"ab"&<')
})

test('any text comes back', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '<', '&', '>', 'ä', '😀', ']]>') })
  const escaped = (value: string) => value.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
  fc.assert(fc.property(text, (value) => assert.equal(textAt(parse(`<A>${escaped(value)}</A>`), 'A'), value)))
})

test('what is no XML is an error', () => {
  for (const text of ['', 'hello', '<A>', '<A></B>', '<A/><B/>', '{"a":1}', '<html><br></html>'])
    assert.throws(() => parse(text), Error, text)
})

test('a document type is refused, so that no entity is ever expanded', () => {
  assert.throws(() => parse('<!DOCTYPE A [<!ENTITY a "aaaa">]><A>&a;</A>'))
  assert.throws(() => parse('<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>'))
})

test('elements in elements without end are refused', () => {
  assert.throws(() => parse('<A>'.repeat(50) + '</A>'.repeat(50)), /too much XML/)
})

test('more elements than any answer has are refused', () => {
  assert.throws(() => parse(`<A>${'<B/>'.repeat(200_000)}</A>`), /too much XML/)
})

test('whatever bytes come, the end is an element or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseXml(bytes)
      } catch (error) {
        assert.ok(error instanceof Error)
      }
    }),
  )
})
