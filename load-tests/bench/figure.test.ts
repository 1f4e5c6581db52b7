import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Figure, median, met, percentile } from './figure.ts'

const figure = (rest: Partial<Figure>): Figure => ({ name: 'x', value: 10, unit: 'ms', ...rest })

test('a figure is met at its limit and missed beyond it', () => {
  assert.equal(met(figure({ atMost: 10 })), true)
  assert.equal(met(figure({ atMost: 9.9 })), false)
  assert.equal(met(figure({ atLeast: 10 })), true)
  assert.equal(met(figure({ atLeast: 11 })), false)
})

test('a figure without a budget is neither met nor missed', () => {
  assert.equal(met(figure({})), undefined)
})

test('a figure that could not be measured is missed', () => {
  assert.equal(met(figure({ value: Number.NaN, atMost: 10 })), false)
})

test('percentiles are values that were measured', () => {
  assert.equal(median([5, 1, 9]), 5)
  assert.equal(percentile([1, 2, 3, 4], 99), 4)
  assert.equal(percentile([1], 50), 1)
  assert.ok(Number.isNaN(percentile([], 50)))
})
