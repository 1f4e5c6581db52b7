import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el } from '@relais/device-sync/wbxml/node.ts'
import fc from 'fast-check'
import { Measurements } from '../load/measurements.ts'
import { writeBundle } from './bundle.ts'
import { MOST_LINE, takeSample } from './samples.ts'
import { isUtf8 as oursIsUtf8 } from './shims/buffer.ts'

const folder = mkdtempSync(join(tmpdir(), 'relais-bundle-'))
after(() => rmSync(folder, { recursive: true }))

type Codec = { encodeWbxml: typeof encodeWbxml; decodeWbxml: typeof decodeWbxml }

/** The bundled codec in a world that has no more than k6's. */
const bundledCodec = async (): Promise<Codec> => {
  const file = join(folder, 'codec.js')
  await writeBundle(file, fileURLToPath(new URL('codec.fixture.ts', import.meta.url)))
  const text = readFileSync(file, 'utf8').replace(/^export \{([^}]*)\};?$/m, 'globalThis.codec = {$1}')
  // Bytes go from one world to the other: both must know them as what they are.
  const world = createContext({ Uint8Array, ArrayBuffer })
  runInContext('delete String.prototype.isWellFormed; delete String.prototype.toWellFormed', world)
  runInContext(text, world)
  return (world as { codec: Codec }).codec
}

describe('the bundle for k6', () => {
  test('asks for nothing but k6’s own modules', async () => {
    const file = join(folder, 'phones.js')
    await writeBundle(file)
    const imports = [...readFileSync(file, 'utf8').matchAll(/^import .* from "([^"]+)"/gm)].map(
      ([, from]) => from,
    )
    assert.ok(imports.length > 0)
    for (const from of imports) assert.match(from ?? '', /^k6(\/|$)/)
  })

  test('writes and reads WBXML as the product does, in a world without Node', async () => {
    const codec = await bundledCodec()
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.uint8Array({ maxLength: 100 }),
        (text, bytes) => {
          const document = el('composemail:SendMail', [
            el('composemail:ClientId', text),
            el('composemail:Mime', bytes),
          ])
          const written = encodeWbxml(document)
          assert.deepEqual([...codec.encodeWbxml(document)], [...written])
          assert.equal(JSON.stringify(codec.decodeWbxml(written)), JSON.stringify(decodeWbxml(written)))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('bytes that aren’t WBXML are refused there by the same code', async () => {
    const codec = await bundledCodec()
    for (const bytes of [[], [3, 1, 106], [3, 1, 106, 0, 0x7f], [3, 1, 106, 0, 0x45, 3, 0xff, 0, 1]]) {
      const codeOf = (read: typeof decodeWbxml) => {
        try {
          return read(Uint8Array.from(bytes))
        } catch (error) {
          return (error as { code: string }).code
        }
      }
      assert.equal(codeOf(codec.decodeWbxml), codeOf(decodeWbxml))
    }
  })

  test('RFC 3629: what is UTF-8 is told as Node tells it', () => {
    const sequences = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    )
    fc.assert(fc.property(sequences, (bytes) => assert.equal(oursIsUtf8(bytes), isUtf8(bytes))))
    for (const hex of ['c080', 'e08080', 'eda080', 'f0808080', 'f4908080', 'f5808080', 'efbfbe', 'f48fbfbf'])
      assert.equal(oursIsUtf8(Buffer.from(hex, 'hex')), isUtf8(Buffer.from(hex, 'hex')), hex)
  })
})

describe('what k6 tells', () => {
  const began = Date.parse('2026-01-05T08:00:00Z')
  const line = (metric: string, tags: object, value: unknown = 20) =>
    JSON.stringify({ metric, type: 'Point', data: { time: '2026-01-05T08:00:07Z', value, tags } })
  const taken = (...lines: readonly string[]) => {
    const measured = new Measurements()
    for (const one of lines) takeSample(one, began, measured)
    return measured
  }

  test('is counted and timed when it happened', () => {
    const measured = taken(
      line('relais_count', { what: 'answered' }, 3),
      line('relais_time', { what: 'Sync' }),
      line('relais_count', { why: 'Sync Status 4' }, 1),
    )
    assert.equal(measured.total('answered'), 3)
    assert.equal(measured.over('answered').totals().at(-1)?.[0], 7)
    assert.equal(measured.times('Sync').total, 1)
    assert.deepEqual(measured.wonders, [['Sync Status 4', 1]])
  })

  test('that was cut off in the middle of a line, or at no time, is left out', () => {
    const whole = line('relais_count', { what: 'answered' }, 3)
    const cut = Array.from({ length: whole.length - 1 }, (_, length) => whole.slice(0, length))
    assert.equal(taken(...cut).total('answered'), 0)
    assert.equal(taken(whole.replace('2026-01-05T08:00:07Z', 'yesterday')).total('answered'), 0)
    assert.equal(taken(...cut, whole).total('answered'), 3)
  })

  test('whatever line it is, it is taken or left out', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), (data, rest) => {
        for (const one of [
          `{"metric":"relais_count","type":"Point","data":${data}}`,
          `{"metric":"relais_${rest}`,
        ])
          assert.ok(taken(one).total('answered') >= 0)
      }),
    )
  })

  test('of other figures, of other kinds, too long or without a value is left out', () => {
    const measured = taken(
      line('http_req_duration', { what: 'answered' }),
      JSON.stringify({ metric: 'relais_count', type: 'Metric', data: { name: 'relais_count' } }),
      line('relais_count', { what: 7 }),
      line('relais_count', {}),
      line('relais_count', { what: 'answered' }, 'many'),
      line('relais_count', { what: 'x'.repeat(MOST_LINE) }),
      'not JSON at all',
    )
    assert.equal(measured.total('answered'), 0)
  })
})
