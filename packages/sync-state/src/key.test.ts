import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyCursor } from './arbitrary.fixture.ts'
import {
  BOTTOM,
  type Cursor,
  firstCursor,
  lastPlacement,
  MAX_PLACEMENT,
  MAX_POSITION,
  MAX_SORT_KEY,
  TOP,
} from './cursor.ts'
import { hashKey, packKey, unpackKey } from './key.ts'

const some: Cursor = {
  epoch: 7,
  generation: 12,
  changes: { position: 1000, placement: 1000 * 8192 + 3 },
  added: 999 * 8192,
  edge: { sortKey: 1_795_000_000, placement: 17 },
  told: 990,
  filter: 3,
  level: 2,
  view: 0,
  list: 0xdeadbeef,
}

/** The highest that a key can say. */
const highest: Cursor = {
  epoch: 2 ** 24 - 1,
  generation: 2 ** 30 - 1,
  changes: { position: MAX_POSITION, placement: MAX_PLACEMENT },
  added: MAX_PLACEMENT,
  edge: { sortKey: MAX_SORT_KEY, placement: MAX_PLACEMENT },
  told: MAX_POSITION,
  filter: 15,
  level: 3,
  view: 255,
  list: 2 ** 32 - 1,
}

describe('a sync key', () => {
  test('says what it was packed from', () => {
    fc.assert(
      fc.property(anyCursor, (cursor) => {
        const back = unpackKey(packKey(cursor))!
        const isFar = cursor.changes.position - cursor.told >= 2 ** 32 - 1
        assert.deepEqual(back, isFar ? { ...cursor, told: 0 } : cursor)
      }),
      { numRuns: 2000 },
    )
  })

  test('has 64 characters that no client or proxy changes, always', () => {
    fc.assert(fc.property(anyCursor, (cursor) => /^[A-Za-z0-9_-]{64}$/.test(packKey(cursor))))
  })

  test('says the extremes', () => {
    assert.deepEqual(unpackKey(packKey(highest)), highest)
    const lowest = {
      ...firstCursor(0, { epoch: 0, generation: 0, filter: 0, level: 0, view: 0 }),
      edge: BOTTOM,
    }
    assert.deepEqual(unpackKey(packKey(lowest)), lowest)
    const first = firstCursor(5, { epoch: 1, generation: 1, filter: 0, level: 2, view: 0 })
    assert.deepEqual(unpackKey(packKey(first))!.edge, TOP)
  })

  test('B too far below P is packed as 0: lower than it could be, never higher', () => {
    const position = 2 ** 33
    const cursor = { ...some, changes: { position, placement: lastPlacement(position) }, told: 5 }
    assert.equal(unpackKey(packKey(cursor))!.told, 0)
    const near = { ...cursor, told: position - 2 ** 32 + 2 }
    assert.equal(unpackKey(packKey(near))!.told, near.told)
  })

  test('different cursors have different keys', () => {
    fc.assert(
      fc.property(anyCursor, anyCursor, (a, b) => {
        fc.pre(JSON.stringify(unpackKey(packKey(a))) !== JSON.stringify(unpackKey(packKey(b))))
        assert.notEqual(packKey(a), packKey(b))
      }),
    )
  })

  const tooMuch: Record<string, Partial<Cursor>> = {
    'an epoch of 2^24': { epoch: 2 ** 24 },
    'a generation of 2^30': { generation: 2 ** 30 },
    'a position of 2^40': { changes: { position: 2 ** 40, placement: 0 } },
    'a placement of 2^53': { added: 2 ** 53 },
    'a sort key of 2^39': { edge: { sortKey: 2 ** 39, placement: 0 } },
    'a sort key below -2^39': { edge: { sortKey: -(2 ** 39) - 1, placement: 0 } },
    'a filter of 16': { filter: 16 },
    'a level of 4': { level: 4 },
    'a view of 256': { view: 256 },
    'a list of 2^32': { list: 2 ** 32 },
    'a negative epoch': { epoch: -1 },
  }
  for (const [what, part] of Object.entries(tooMuch))
    test(`refuses to say ${what}`, () => {
      assert.throws(() => packKey({ ...some, ...part }), RangeError)
    })
})

describe('keys from outside', () => {
  const good = packKey(some)
  const hostile: Record<string, string> = {
    nothing: '',
    'key 0': '0',
    'a number': '1234567890',
    'one character less': good.slice(1),
    'one character more': `${good}A`,
    'white space around': ` ${good.slice(2)} `,
    'base64 instead of base64url': good.replace(/./, '+'),
    padding: `${good.slice(0, 62)}==`,
    'a line break at its end': `${good.slice(0, 63)}\n`,
    'another version': `A${good.slice(1)}`,
    'letters that are not ASCII': 'é'.repeat(64),
    'zeros only': 'A'.repeat(64),
    'ones only': '_'.repeat(64),
  }
  for (const [what, key] of Object.entries(hostile))
    test(`${what}: refused`, () => {
      assert.equal(unpackKey(key), undefined)
    })

  const raw = (change: (bytes: Buffer) => void): string => {
    const bytes = Buffer.from(good, 'base64url')
    change(bytes)
    return bytes.toString('base64url')
  }

  test('A beyond P: refused', () => {
    assert.equal(unpackKey(raw((bytes) => bytes.writeUIntBE(0x1fffffffffff, 24, 6))), undefined)
  })

  test('a placement beyond its position: refused', () => {
    assert.equal(unpackKey(raw((bytes) => bytes.fill(0, 12, 17))), undefined)
  })

  test('a number over 2^53: refused', () => {
    assert.equal(unpackKey(raw((bytes) => bytes.fill(0xff, 36, 43))), undefined)
  })

  test('B below 0: refused', () => {
    assert.equal(unpackKey(raw((bytes) => bytes.writeUInt32BE(2 ** 32 - 2, 43))), undefined)
  })

  test('any text is refused or says a cursor that packs to the same text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .uint8Array({ minLength: 48, maxLength: 48 })
            .map((bytes) => Buffer.from(bytes).toString('base64url')),
        ),
        (text) => {
          const cursor = unpackKey(text)
          if (cursor !== undefined) assert.equal(packKey(cursor), text)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('every changed byte of a good key is refused or says something else', () => {
    fc.assert(
      fc.property(fc.nat({ max: 47 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = raw((bytes) => {
          bytes[at]! ^= flip
        })
        assert.notDeepEqual(unpackKey(changed), some)
      }),
    )
  })
})

describe('the name of a key', () => {
  test('is short, and another one for another key or collection', () => {
    const names = [hashKey('inbox', 'a'), hashKey('inbox', 'b'), hashKey('trash', 'a'), hashKey('inbo', 'xa')]
    assert.equal(new Set(names).size, 4)
    assert.ok(names.every((name) => /^[A-Za-z0-9_-]{16}$/.test(name)))
  })

  test('is the same each time', () => {
    assert.equal(hashKey('inbox', packKey(some)), hashKey('inbox', packKey(some)))
  })
})
