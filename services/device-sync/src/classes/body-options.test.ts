import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { contentOptionsOf } from './body-options.ts'

const preference = (type: number, ...rest: WbxmlNode[]) =>
  el('airsyncbase:BodyPreference', [el('airsyncbase:Type', type), ...rest])

const options = (...children: WbxmlNode[]) => contentOptionsOf(el('airsync:Options', children))
const truncation = (bytes: number) => el('airsyncbase:TruncationSize', bytes)

describe('MS-ASAIRS 2.2.2.12: how bodies are wanted', () => {
  test('without Options, and without a preference, is plain text whole', () => {
    const plain = { type: 'plain', truncation: undefined, allOrNone: false, preview: 0 }
    const { bodies, mimeSupport, withBody } = contentOptionsOf(undefined)
    assert.deepEqual([bodies, mimeSupport, withBody], [[plain], 0, true])
    assert.deepEqual(options().bodies, [plain])
  })
  test('keeps the order of preferences, with their sizes', () => {
    const { bodies } = options(
      preference(2, truncation(32_768), el('airsyncbase:AllOrNone', 1), el('airsyncbase:Preview', 255)),
      preference(1, truncation(0)),
    )
    assert.deepEqual(bodies, [
      { type: 'html', truncation: 32_768, allOrNone: true, preview: 255 },
      { type: 'plain', truncation: 0, allOrNone: false, preview: 0 },
    ])
  })
  test('knows MIME; rich text isn’t made here and is passed over', () => {
    assert.deepEqual(
      options(preference(3), preference(4)).bodies.map(({ type }) => type),
      ['mime'],
    )
    assert.deepEqual(
      options(preference(3)).bodies.map(({ type }) => type),
      ['plain'],
    )
  })
  test('MIMESupport is 0, 1 or 2', () => {
    for (const support of [0, 1, 2])
      assert.equal(options(el('airsync:MIMESupport', support)).mimeSupport, support)
    assert.throws(() => options(el('airsync:MIMESupport', 3)), ValueError)
  })
  test('MS-ASCMD 2.2.3.102: MIMETruncation cuts MIME where the preference has no size of its own', () => {
    const of = (level: number, ...rest: WbxmlNode[]) =>
      options(el('airsync:MIMETruncation', level), preference(4, ...rest)).bodies[0]?.truncation
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((level) => of(level)),
      [0, 4096, 5120, 7168, 10_240, 20_480, 51_200, 102_400, undefined],
    )
    assert.equal(of(1, truncation(500)), 500)
    assert.equal(options(el('airsync:MIMETruncation', 1), preference(2)).bodies[0]?.truncation, undefined)
  })
  test('a part of a conversation stands beside the body, as HTML', () => {
    const part = (type: number) =>
      el('airsyncbase:BodyPartPreference', [el('airsyncbase:Type', type), truncation(100)])
    assert.deepEqual(
      options(preference(1), part(2)).bodies.map(({ type, truncation: size }) => [type, size]),
      [
        ['plain', undefined],
        ['part', 100],
      ],
    )
    for (const type of [1, 3, 4]) assert.throws(() => options(part(type)), { status: 164 })
  })
  test('each type is there once (MS-ASAIRS 2.2.2.12)', () => {
    assert.throws(() => options(preference(1), preference(2), preference(1)), ValueError)
    assert.equal(options(preference(1), preference(2), preference(4)).bodies.length, 3)
  })
  test('sizes go up to 2^32 - 1, previews to 255 characters', () => {
    const [body] = options(preference(1, truncation(0xffffffff), el('airsyncbase:Preview', 255))).bodies
    assert.deepEqual([body?.truncation, body?.preview], [0xffffffff, 255])
  })
  for (const [name, node] of [
    ['a type that isn’t one', preference(5)],
    ['type 0', preference(0)],
    ['a negative size', preference(1, truncation(-1))],
    ['a size that is no number', preference(1, el('airsyncbase:TruncationSize', 'big'))],
    ['a preview over 255', preference(1, el('airsyncbase:Preview', 256))],
    ['a size of 2^32', preference(1, truncation(0x1_0000_0000))],
    ['a truncation level that isn’t one', el('airsync:MIMETruncation', 9)],
  ] as const)
    test(`${name} is refused`, () => assert.throws(() => options(node), ValueError))
})
