import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { JustStored } from './just-stored.ts'

const open = () => {
  const clock = { now: 0 }
  return { clock, stored: new JustStored(() => clock.now) }
}

describe('what this process stored a moment ago', () => {
  test('is known to be there, in its tenant alone', () => {
    const { stored } = open()
    stored.add('acme', 'a')
    assert.deepEqual(
      [stored.has('acme', 'a'), stored.has('acme', 'b'), stored.has('other', 'a')],
      [true, false, false],
    )
  })

  test('isn’t known any more after a minute, unless it was stored again', () => {
    const { clock, stored } = open()
    stored.add('acme', 'a')
    stored.add('acme', 'b')
    clock.now = 59_999
    stored.add('acme', 'b')
    assert.equal(stored.has('acme', 'a'), true)
    clock.now = 60_000
    assert.deepEqual([stored.has('acme', 'a'), stored.has('acme', 'b')], [false, true])
  })

  test('is forgotten from the oldest on where it is too much', () => {
    const { stored } = open()
    for (let n = 0; n <= 4096; n++) stored.add('acme', `${n}`)
    assert.deepEqual([stored.has('acme', '0'), stored.has('acme', '1')], [false, true])
  })

  test('is nothing once there was a sweep', () => {
    const { stored } = open()
    stored.add('acme', 'a')
    stored.clear()
    assert.equal(stored.has('acme', 'a'), false)
  })
})
