import fc from 'fast-check'
import {
  type Cursor,
  lastPlacement,
  MAX_PLACEMENT,
  MAX_POSITION,
  MAX_SORT_KEY,
  MIN_SORT_KEY,
  type WindowEdge,
} from './cursor.ts'
import type { KnownList } from './known-list.ts'

// fast-check's records have no prototype, which strict comparison minds.
const record: typeof fc.record = ((model: object) => fc.record(model, { noNullPrototype: true })) as never

const upTo = (max: number) => fc.maxSafeNat().map((value) => value % (max + 1))

export const anyPosition = upTo(MAX_POSITION)

export const anyEdge: fc.Arbitrary<WindowEdge> = record({
  sortKey: fc.integer({ min: MIN_SORT_KEY, max: MAX_SORT_KEY }),
  placement: fc.maxSafeNat(),
})

/** Cursors that an answer may give. */
export const anyCursor: fc.Arbitrary<Cursor> = anyPosition.chain((position) =>
  record({
    epoch: upTo(2 ** 24 - 1),
    generation: upTo(2 ** 30 - 1),
    changes: record({
      position: fc.constant(position),
      placement: upTo(Math.min(MAX_PLACEMENT, lastPlacement(position))),
    }),
    added: upTo(Math.min(MAX_PLACEMENT, lastPlacement(position))),
    edge: anyEdge,
    told: fc.oneof(fc.constant(position), upTo(position)),
    filter: upTo(15),
    level: upTo(3),
    view: upTo(255),
    list: upTo(2 ** 32 - 1),
  }),
)

const anyPlacements = fc.uniqueArray(fc.maxSafeNat(), { maxLength: 6 })

export const anyList: fc.Arbitrary<KnownList> = record({
  created: anyPlacements,
  touches: fc.array(record({ position: anyPosition, placement: fc.maxSafeNat() }), { maxLength: 6 }),
  corrections: fc
    .array(fc.tuple(fc.maxSafeNat(), fc.constantFrom('add' as const, 'change' as const)), { maxLength: 4 })
    .map((entries) => new Map(entries)),
  gone: anyPlacements,
})
