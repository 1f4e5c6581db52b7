import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseOpenMetrics } from './open-metrics-text.ts'

const TEXT = `# HELP wakes Held requests that ended.
# TYPE wakes counter
wakes_total{reason="changes"} 3
# TYPE woken_seconds histogram
woken_seconds_bucket{le="0.005"} 1 # {trace_id="4bf9"} 0.004 1700000000.5
woken_seconds_bucket{le="+Inf"} 2
woken_seconds_sum 1.5e-3
woken_seconds_count 2
# TYPE lag gauge
lag{model="a \\"quoted\\" \\\\ one\\n"} Nan
# EOF
`

test('families, samples and exemplars are read', () => {
  const [wakes, woken, lag] = parseOpenMetrics(TEXT)
  assert.deepEqual([wakes?.name, wakes?.type, wakes?.help], ['wakes', 'counter', 'Held requests that ended.'])
  assert.deepEqual(wakes?.samples, [
    { name: 'wakes_total', labels: { reason: 'changes' }, value: 3, exemplar: undefined },
  ])
  assert.deepEqual(woken?.samples[0]?.exemplar, { labels: { trace_id: '4bf9' }, value: 0.004 })
  assert.deepEqual(
    woken?.samples.map(({ value }) => value),
    [1, 2, 0.0015, 2],
  )
  assert.equal(lag?.samples[0]?.labels.model, 'a "quoted" \\ one\n')
  assert.ok(Number.isNaN(lag?.samples[0]?.value))
})

for (const [why, text] of Object.entries({
  'no end': TEXT.replace('# EOF\n', ''),
  'something after the end': `${TEXT}x`,
  'an empty line': TEXT.replace('# TYPE lag', '\n# TYPE lag'),
  'a counter without _total': TEXT.replace('wakes_total', 'wakes'),
  'a sample of another family': TEXT.replace('woken_seconds_sum', 'other_sum'),
  'a family that comes twice': TEXT.replace('# EOF', '# TYPE wakes counter\nwakes_total 1\n# EOF'),
  'no number': TEXT.replace('1.5e-3', 'many'),
  'a label without quotes': TEXT.replace('"changes"', 'changes'),
  nothing: '',
}))
  test(`not OpenMetrics: ${why}`, () => {
    assert.throws(() => parseOpenMetrics(text), { code: 'METRICS_INVALID' })
  })

test('a text that is too long is not read', () => {
  assert.throws(() => parseOpenMetrics('x'.repeat(17 * 1024 * 1024)), { code: 'METRICS_INVALID' })
  assert.throws(() => parseOpenMetrics('\n'.repeat(300_000)), { code: 'METRICS_INVALID' })
})

test('whatever comes is read or refused, and nothing else', () => {
  const damaged = fc
    .tuple(fc.nat(TEXT.length), fc.string({ maxLength: 4 }))
    .map(([at, text]) => TEXT.slice(0, at) + text + TEXT.slice(at + 1))
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), damaged), (text) => {
      try {
        parseOpenMetrics(text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'METRICS_INVALID')
      }
    }),
    { numRuns: 500 },
  )
})
