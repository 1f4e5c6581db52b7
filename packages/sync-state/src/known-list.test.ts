import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyList } from './arbitrary.fixture.ts'
import { type KnownList, listSize, NOTHING_KNOWN, nameList } from './known-list.ts'

describe('the name of a list', () => {
  test('is 0 for the empty list alone', () => {
    assert.equal(nameList(NOTHING_KNOWN), 0)
    fc.assert(fc.property(anyList, (list) => (nameList(list) === 0) === (listSize(list) === 0)))
  })

  test('fits the 32 bits of the key', () => {
    fc.assert(fc.property(anyList, (list) => nameList(list) >= 0 && nameList(list) < 2 ** 32))
  })

  test('is the same whatever the order of entries', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        const turned: KnownList = {
          created: list.created.toReversed(),
          touches: list.touches.toReversed(),
          corrections: new Map([...list.corrections].toReversed()),
          gone: list.gone.toReversed(),
        }
        assert.equal(nameList(turned), nameList(list))
      }),
    )
  })

  test('is another for lists that say something else', () => {
    const lists: Partial<KnownList>[] = [
      { created: [1] },
      { gone: [1] },
      { corrections: new Map([[1, 'add']]) },
      { corrections: new Map([[1, 'change']]) },
      { touches: [{ position: 1, placement: 1 }] },
      { touches: [{ position: 11, placement: 1 }] },
    ]
    const names = lists.map((part) => nameList({ ...NOTHING_KNOWN, ...part }))
    assert.equal(new Set(names).size, lists.length)
  })
})
