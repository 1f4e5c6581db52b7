import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parentsFirst } from './parents-first.ts'

const anyTree = fc
  .array(fc.tuple(fc.nat({ max: 15 }), fc.nat({ max: 15 })), { maxLength: 30 })
  .map((pairs) => [
    ...new Map(pairs.map(([id, parent]) => [id, { id: `m${id}`, parent: `m${parent}` }])).values(),
  ])

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)

test('each mailbox comes after the one above it, where that is told too', () => {
  const rows = [
    { id: 'm3', parent: 'm2' },
    { id: 'm1', parent: '' },
    { id: 'm2', parent: 'm1' },
    { id: 'm9', parent: 'm8' },
  ]
  assert.deepEqual(idsOf(parentsFirst(rows)), ['m1', 'm2', 'm3', 'm9'])
})

test('all are told once, whatever the tree, cycles too', () => {
  fc.assert(
    fc.property(anyTree, (rows) => {
      assert.deepEqual(idsOf(parentsFirst(rows)).toSorted(), idsOf(rows).toSorted())
    }),
  )
})

test('without cycles every parent is first', () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const rows = tree.filter(({ id, parent }) => Number(parent.slice(1)) < Number(id.slice(1)))
      const order = idsOf(parentsFirst(rows))
      for (const { id, parent } of rows)
        assert.ok(!order.includes(parent) || order.indexOf(parent) < order.indexOf(id))
    }),
  )
})

test('an order that is right stays as it is', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ id, parent: '' }))
  assert.deepEqual(parentsFirst(rows), rows)
})
