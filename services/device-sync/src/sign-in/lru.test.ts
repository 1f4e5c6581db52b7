import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Lru } from './lru.ts'

describe('a map with an end', () => {
  test('tells what it forgets', () => {
    const gone: string[] = []
    const lru = new Lru<number>(2, (key, value) => gone.push(`${key}=${value}`))
    lru.set('a', 1)
    lru.set('b', 2)
    lru.set('a', 3)
    lru.set('c', 4)
    assert.deepEqual(gone, ['b=2'])
    assert.equal(lru.get('a'), 3)
  })
  test('what is deleted or cleared isn’t told', () => {
    const gone: string[] = []
    const lru = new Lru<number>(2, (key) => gone.push(key))
    lru.set('a', 1)
    assert.ok(lru.delete('a'))
    assert.ok(!lru.delete('a'))
    lru.set('b', 1)
    lru.clear()
    assert.deepEqual([gone, lru.size], [[], 0])
  })
  test('holds the last used keys, whatever is done', () => {
    const step = fc.tuple(fc.constantFrom('get', 'set', 'delete'), fc.constantFrom('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lru = new Lru<number>(3)
        let model: string[] = []
        steps.forEach(([action, key], n) => {
          const known = model.includes(key)
          if (action === 'get') assert.equal(lru.get(key) !== undefined, known)
          if (action === 'set') lru.set(key, n)
          if (action === 'delete') assert.equal(lru.delete(key), known)
          model = model.filter((one) => one !== key)
          if (action === 'set' || (action === 'get' && known)) model = [...model, key].slice(-3)
          assert.equal(lru.size, model.length)
        })
      }),
    )
  })
})
