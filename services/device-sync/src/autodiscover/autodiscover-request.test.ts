import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded } from '@relais/service-kit'
import fc from 'fast-check'
import { parseAutodiscoverRequest } from './autodiscover-request.ts'

const SCHEMA = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006'

const document = (inner: string) =>
  `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request>${inner}</Request></Autodiscover>`

const refuses = (xml: string) =>
  assert.throws(
    () => parseAutodiscoverRequest(xml),
    (error) => isCoded(error) && error.code === 'AUTODISCOVER_MALFORMED',
  )

describe('what a client asks of Autodiscover', () => {
  test('is an address and a schema', () => {
    const inner = `<EMailAddress>mike@example.org</EMailAddress><AcceptableResponseSchema>${SCHEMA}</AcceptableResponseSchema>`
    assert.deepEqual(parseAutodiscoverRequest(document(inner)), {
      address: 'mike@example.org',
      responseSchema: SCHEMA,
    })
  })
  test('may have prefixes, another order, blanks and sections', () => {
    const xml = `<a:Autodiscover xmlns:a="x"><a:Request>
      <a:AcceptableResponseSchema> ${SCHEMA} </a:AcceptableResponseSchema>
      <a:EMailAddress><![CDATA[mike@example.org]]></a:EMailAddress></a:Request></a:Autodiscover>`
    assert.deepEqual(parseAutodiscoverRequest(xml), { address: 'mike@example.org', responseSchema: SCHEMA })
  })
  test('may leave either out', () => {
    assert.deepEqual(parseAutodiscoverRequest(document('')), { address: '', responseSchema: '' })
  })
  test('uses XML’s own five entities, and character references', () => {
    assert.equal(
      parseAutodiscoverRequest(document('<EMailAddress>a&amp;b&#64;c</EMailAddress>')).address,
      'a&b@c',
    )
  })
  test('counts the first of several', () => {
    const inner = '<EMailAddress>one@x</EMailAddress><EMailAddress>two@x</EMailAddress>'
    assert.equal(parseAutodiscoverRequest(document(inner)).address, 'one@x')
  })
  test('is looked for where it belongs', () => {
    const inner = '<Other><EMailAddress>x@x</EMailAddress></Other>'
    assert.equal(parseAutodiscoverRequest(document(inner)).address, '')
  })
})

describe('hostile XML', () => {
  const refused: Record<string, string> = {
    'a document type': `<!DOCTYPE x>${document('')}`,
    'an external entity': `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${document('<EMailAddress>&e;</EMailAddress>')}`,
    'a billion laughs': `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><Autodiscover>&b;</Autodiscover>`,
    'an entity nobody declared': document('<EMailAddress>&nbsp;</EMailAddress>'),
    depth: '<a>'.repeat(50) + '</a>'.repeat(50),
    'a long text': document(`<EMailAddress>${'x'.repeat(2_000)}</EMailAddress>`),
    'an element that isn’t closed': '<Autodiscover><Request>',
    'elements that cross': '<a><b></a></b>',
    'two roots': '<a/><b/>',
    'text alone': 'hello',
    nothing: '',
    JSON: '{"a":1}',
    'an attribute twice': '<a x="1" x="2"/>',
  }
  for (const [name, xml] of Object.entries(refused)) test(`${name} is refused`, () => refuses(xml))
  test('any text is a request or a refusal', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      'a',
      '"',
      '<a>',
      '</a>',
      '<!',
      '[',
      ']',
      '<?',
      '?>',
      'Autodiscover',
      ' ',
      '\u0000',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (xml) => {
        try {
          assert.equal(typeof parseAutodiscoverRequest(xml).address, 'string')
        } catch (error) {
          assert.ok(isCoded(error) && error.code === 'AUTODISCOVER_MALFORMED', String(error))
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
