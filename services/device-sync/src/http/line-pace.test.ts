import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LinePace } from './line-pace.ts'

const setUp = () => {
  let now = 1_000_000
  const pace = new LinePace(() => now)
  const after = (ms: number) => {
    now += ms
    return pace
  }
  return { pace, after }
}

describe('the pace of a line', () => {
  test('isn’t known before anybody has entered', () => {
    const { pace } = setUp()
    pace.begins()
    assert.equal(pace.untilEntered(100), undefined)
  })

  test('is how long each takes, times how many there are', () => {
    const { pace, after } = setUp()
    pace.begins()
    for (let n = 0; n < 10; n++) after(5).moves()
    assert.equal(pace.untilEntered(1000), 5000)
    assert.equal(pace.untilEntered(0), 0)
  })

  test('follows a line that gets slower, and one that gets faster', () => {
    const { pace, after } = setUp()
    pace.begins()
    for (let n = 0; n < 300; n++) after(10).moves()
    for (let n = 0; n < 300; n++) after(20).moves()
    assert.equal(pace.untilEntered(1), 20)
    for (let n = 0; n < 300; n++) after(1).moves()
    assert.equal(pace.untilEntered(1), 1)
  })

  test('is that of many, not of the last moment', () => {
    const { pace, after } = setUp()
    pace.begins()
    for (let n = 0; n < 300; n++) {
      after(64)
      for (let many = 0; many < 64; many++) pace.moves()
      assert.ok((pace.untilEntered(4000) ?? 0) <= 5000, `${pace.untilEntered(4000)} ms at once`)
      after(10)
      assert.ok((pace.untilEntered(4000) ?? 0) <= 6000, `${pace.untilEntered(4000)} ms a moment later`)
      after(-10)
    }
  })

  test('doesn’t count the time in which nobody stood in line', () => {
    const { pace, after } = setUp()
    pace.begins()
    after(5).moves()
    after(3_600_000).begins()
    after(5).moves()
    assert.equal(pace.untilEntered(1), 5)
  })

  test('of a line that stands still gets slower with each moment', () => {
    const { pace, after } = setUp()
    pace.begins()
    for (let n = 0; n < 10; n++) after(5).moves()
    assert.equal(pace.untilEntered(20), 100)
    after(950)
    assert.equal(pace.untilEntered(20), 2000)
    after(1000)
    assert.equal(pace.untilEntered(20), 4000)
  })

  test('lies between the fastest and the slowest that it has seen', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (steps) => {
        const { pace, after } = setUp()
        pace.begins()
        for (const ms of steps) after(ms).moves()
        const each = pace.untilEntered(1) ?? -1
        assert.ok(each >= Math.min(...steps) - 1e-6 && each <= Math.max(...steps) + 1e-6)
      }),
    )
  })
})
