import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { firstFailure } from './simulation/examine.ts'
import { scheduleFrom } from './simulation/generate.ts'
import { playSchedule } from './simulation/play.ts'
import { openRows } from './simulation/rows.ts'
import { shrinkSchedule } from './simulation/shrink.ts'

const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

describe('random schedules of phones, faults and time', () => {
  test('240 short ones end with every phone equal to the server, and nothing twice', async () => {
    assert.equal(await firstFailure({ seeds: range(1, 240), length: 40 }), undefined)
  })

  test('50 long ones too, without a false conflict', async () => {
    assert.equal(
      await firstFailure({ seeds: range(5000, 50), length: 120, isStrictOnConflicts: true }),
      undefined,
    )
  })
})

describe('the schedules themselves', () => {
  const opened = openRows()
  after(async () => (await opened).close())

  test('a seed determines its schedule', () => {
    assert.deepEqual(scheduleFrom(42, 40), scheduleFrom(42, 40))
    assert.notDeepEqual(scheduleFrom(42, 40), scheduleFrom(43, 40))
  })

  test('a schedule plays the same each time', async () => {
    const { store } = await opened
    const lines: string[][] = [[], []]
    for (const trace of lines) await playSchedule(store, scheduleFrom(7, 40), (line) => trace.push(line))
    assert.deepEqual(lines[0], lines[1])
    assert.ok(lines[0]!.length > 10)
  })

  test('shrinking keeps what fails and leaves out the rest', async () => {
    const schedule = scheduleFrom(11, 60)
    const needed = schedule.steps.find(([name]) => name === 'deliver')!
    const fails = async ({ steps }: typeof schedule) => steps.some(([name]) => name === needed[0])
    const smallest = await shrinkSchedule(schedule, fails)
    assert.deepEqual(smallest.steps, [['deliver', 0, 0, 0]])
  })
})
