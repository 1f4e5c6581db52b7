import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { filesFor, mostFilesIn, refuseTooManyFiles } from './open-files.ts'
import { UsageError } from './options.ts'
import { SCENARIOS } from './scenarios.ts'

const order = (phones: number, processes: number, driver: 'simulator' | 'k6' = 'simulator') => ({
  plan: SCENARIOS['steady-day'].plan({ phones, accounts: 10, durationSeconds: 60, speed: 1 }),
  processes,
  driver,
})

describe('open files', () => {
  test('a phone is one, on a slow network three: its own, and two of what is its network', () => {
    assert.equal(filesFor(1000, { good: 1 }), 1064)
    assert.equal(filesFor(1000, { bad: 5 }), 3064)
    assert.equal(filesFor(1000, { good: 80, slow: 15, bad: 5 }), 1464)
  })

  test('more phones are never fewer files, whatever their networks', () => {
    const weights = fc.record({ good: fc.integer({ min: 1, max: 9 }), slow: fc.nat(9), bad: fc.nat(9) })
    fc.assert(
      fc.property(weights, fc.nat(100_000), fc.nat(1000), (networks, phones, more) => {
        const files = filesFor(phones, networks)
        assert.ok(files >= phones && files <= 3 * phones + 64)
        assert.ok(filesFor(phones + more, networks) >= files)
      }),
    )
  })

  test('more than a process may have is refused in words that say what helps', () => {
    assert.throws(
      () => refuseTooManyFiles(order(10_000, 1), 4096),
      (error: Error) =>
        error instanceof UsageError &&
        error.message ===
          '10000 phones in a process are 10064 open files, but it may have 4096: give more --processes, or raise ulimit -n',
    )
    refuseTooManyFiles(order(10_000, 3), 4096)
    refuseTooManyFiles(order(4032, 1), 4096)
    assert.throws(() => refuseTooManyFiles(order(4033, 1), 4096), UsageError)
  })

  test('k6 is one process, however many are asked for', () => {
    assert.throws(() => refuseTooManyFiles(order(5000, 4, 'k6'), 4096), /take the simulator/)
    refuseTooManyFiles(order(5000, 4), 4096)
  })

  test('proc_pid_limits(5): the soft limit counts; unlimited, or another system, is no limit', () => {
    const limits = (soft: string) =>
      `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`
    assert.equal(mostFilesIn(limits('1024')), 1024)
    assert.equal(mostFilesIn(limits('unlimited')), Number.POSITIVE_INFINITY)
    assert.equal(mostFilesIn(''), Number.POSITIVE_INFINITY)
  })
})
