import fc from 'fast-check'
import { tagPlaces } from '../src/wbxml/code-pages.ts'
import { encodeWbxml } from '../src/wbxml/encode.ts'
import type { WbxmlContent, WbxmlNode } from '../src/wbxml/node.ts'
import { cleanText } from '../src/wbxml/text.ts'

const tag = fc.constantFrom(...tagPlaces.keys())
const text = fc.string({ unit: 'binary', maxLength: 40 }).map(cleanText)

const { node } = fc.letrec<{ node: WbxmlNode; content: WbxmlContent }>((tie) => ({
  content: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('node'), { minLength: 1, maxLength: 5 }),
  ),
  node: fc.record({ tag, content: tie('content') }),
}))

/** Any element of any page with any content, within the decoder's bounds. */
export const arbitraryNode: fc.Arbitrary<WbxmlNode> = node

type Edit = { at: number; byte: number; kind: 'set' | 'insert' | 'drop' | 'cut' }

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: 2_000 }),
  byte: fc.oneof(
    fc.constantFrom(0x00, 0x01, 0x03, 0x83, 0xc3, 0x44, 0x80, 0xff),
    fc.integer({ min: 0, max: 255 }),
  ),
  kind: fc.constantFrom('set', 'insert', 'drop', 'cut'),
})

const edited = (bytes: Uint8Array, { at, byte, kind }: Edit): Uint8Array => {
  const place = bytes.length === 0 ? 0 : at % bytes.length
  const head = bytes.subarray(0, place)
  const tail = bytes.subarray(place)
  if (kind === 'cut') return head
  if (kind === 'drop') return Buffer.concat([head, tail.subarray(1)])
  if (kind === 'insert') return Buffer.concat([head, Buffer.from([byte]), tail])
  return Buffer.concat([head, Buffer.from([byte]), tail.subarray(1)])
}

/** Documents with a few bytes changed, added, dropped or cut off. */
export const mutated = (nodes: fc.Arbitrary<WbxmlNode>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(nodes, fc.array(edit, { minLength: 0, maxLength: 4 }))
    .map(([one, edits]) => edits.reduce(edited, encodeWbxml(one)))
