import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodeOf } from './command.ts'
import { COMMON_OPTIONS } from './common-options.ts'
import { LOAD_HELP, SIMULATE_HELP } from './help.ts'
import { Measurements } from './measurements.ts'
import { UsageError } from './options.ts'
import { progressLine } from './progress.ts'

const runOf = (measurements: Measurements, at: number) => ({
  measurements,
  now: () => at,
  ended: Promise.reject(new Error('not asked for')),
  stop: () => {},
})

test('the line says how far a run is, who waits, how fast it is and what went wrong', () => {
  const measured = new Measurements()
  measured.count(1, 'phones up', 1200)
  measured.count(1, 'held begun', 1100)
  measured.count(8, 'held ended', 100)
  measured.count(8, 'answered', 5000)
  measured.count(8, 'broken', 2)
  measured.took(8, 'told', 40)
  const run = runOf(measured, 10)
  run.ended.catch(() => {})
  assert.equal(
    progressLine(run, 600, { at: 5, answered: 4000 }),
    `10 of 600 s · 1,200 phones set up, 1,000 wait · 200 answers/s · told after ${Number(measured.times('told').percentile(50).toPrecision(3))} ms · 2 broken`,
  )
})

test('nothing yet is a line too', () => {
  const run = runOf(new Measurements(), 0)
  run.ended.catch(() => {})
  assert.equal(
    progressLine(run, 600, { at: 0, answered: 0 }),
    '0 of 600 s · 0 phones set up, 0 wait · 0 answers/s',
  )
})

test('0 is met, 1 missed or broken, 2 not understood', async (context) => {
  context.mock.method(process.stderr, 'write', () => true)
  assert.equal(await exitCodeOf(() => Promise.resolve(true)), 0)
  assert.equal(await exitCodeOf(() => Promise.resolve(false)), 1)
  assert.equal(await exitCodeOf(() => Promise.reject(new Error('k6 ended'))), 1)
  assert.equal(await exitCodeOf(() => Promise.reject(new UsageError('--phones'))), 2)
})

test('every common option is explained, in both commands', () => {
  for (const name of Object.keys(COMMON_OPTIONS))
    for (const help of [LOAD_HELP, SIMULATE_HELP]) assert.match(help, new RegExp(`^  --${name} `, 'm'), name)
})
