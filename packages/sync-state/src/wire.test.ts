import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KnownList, SyncCursor } from '@relais/proto/common/v1/sync.ts'
import fc from 'fast-check'
import { anyCursor, anyList } from './arbitrary.fixture.ts'
import { MAX_KNOWN } from './known-list.ts'
import { cursorFromWire, cursorToWire, listFromWire, listToWire } from './wire.ts'

describe('sync state between services', () => {
  test('a cursor comes back as it was, through its encoded form', () => {
    fc.assert(
      fc.property(anyCursor, (cursor) => {
        const bytes = SyncCursor.encode(cursorToWire(cursor)).finish()
        assert.deepEqual(cursorFromWire(SyncCursor.decode(bytes)), cursor)
      }),
    )
  })

  test('a list comes back as it was, through its encoded form', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        const bytes = KnownList.encode(listToWire(list)).finish()
        assert.deepEqual(listFromWire(KnownList.decode(bytes)), list)
      }),
    )
  })

  test('a cursor without its parts is none', () => {
    assert.equal(cursorFromWire(SyncCursor.fromPartial({ epoch: 1 })), undefined)
  })

  test('a cursor that no answer can have given is none', () => {
    const impossible = SyncCursor.fromPartial({ changes: { position: 1 }, edge: {}, told: 2 })
    assert.equal(cursorFromWire(impossible), undefined)
  })

  test('a list over its bound is none', () => {
    const created = Array.from({ length: MAX_KNOWN + 1 }, (_, id) => id)
    assert.equal(listFromWire(KnownList.fromPartial({ created })), undefined)
    assert.equal(
      listFromWire(KnownList.fromPartial({ created: created.slice(1) }))?.created.length,
      MAX_KNOWN,
    )
  })
})
