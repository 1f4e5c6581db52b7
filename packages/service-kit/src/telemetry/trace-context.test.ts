import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalTraceparent, formatTraceparent, parseTraceparent } from './trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const GOOD = `00-${TRACE}-${SPAN}-01`

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((text) => !/^0+$/.test(text))

test('a traceparent says which trace, which span, and whether it is recorded (W3C Trace Context 3.2.2)', () => {
  assert.deepEqual(parseTraceparent(GOOD), { traceId: TRACE, spanId: SPAN, sampled: true })
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled, false)
})

test('flags other than sampled are not read (3.2.2.5)', () => {
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.sampled, false)
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)?.sampled, true)
})

test('a later version may append, and is read as far as it is known (3.2.4)', () => {
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-ever`), parseTraceparent(GOOD))
  assert.deepEqual(parseTraceparent(`01-${TRACE}-${SPAN}-01`), parseTraceparent(GOOD))
  assert.equal(parseTraceparent(`01-${TRACE}-${SPAN}-01x`), undefined)
})

for (const [why, text] of Object.entries({
  'version ff': `ff-${TRACE}-${SPAN}-01`,
  'a trace of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
  'a span of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'upper case': GOOD.toUpperCase(),
  'version 00 with more': `${GOOD}-00`,
  'version 00 with a line after it': `${GOOD}\n`,
  'too little': GOOD.slice(0, -1),
  nothing: '',
  'other letters': GOOD.replace('4b', '4g'),
  'a later version without an end': `01-${TRACE}-${SPAN}-01-${'x'.repeat(10_000_000)}`,
}))
  test(`no traceparent: ${why}`, () => {
    assert.equal(parseTraceparent(text), undefined)
    assert.equal(canonicalTraceparent(text), '')
  })

test('what is written is read', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      const context = { traceId, spanId, sampled }
      assert.deepEqual(parseTraceparent(formatTraceparent(context)), context)
    }),
  )
})

test('whatever comes, what is passed on is a traceparent of version 00, or nothing', () => {
  const nearly = fc
    .tuple(fc.nat(60), fc.string({ maxLength: 2 }))
    .map(([at, text]) => GOOD.slice(0, at) + text + GOOD.slice(at + 1))
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 600 }), nearly), (text) => {
      const passed = canonicalTraceparent(text)
      assert.match(passed, /^(00-[0-9a-f]{32}-[0-9a-f]{16}-0[01])?$/)
      assert.equal(canonicalTraceparent(passed), passed)
    }),
    { numRuns: 1000 },
  )
})
