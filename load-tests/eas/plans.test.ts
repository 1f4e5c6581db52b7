import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRequestLine } from '@relais/device-sync/http/request-line.ts'
import fc from 'fast-check'
import type { Command } from './effects.ts'
import { FAMILIES, FAMILY_NAMES } from './families.ts'
import { headOf } from './http-head.ts'
import { phoneOf } from './phone-state.ts'
import { nthOf } from './plan.ts'
import { commonTrouble, ownTrouble, retryAfterOf } from './trouble.ts'
import { ACCOUNT, knowing, QUIET_PLAN } from './world.fixture.ts'

const weights = fc
  .record({ a: fc.nat(100), b: fc.nat(100), c: fc.nat(100) })
  .filter(({ a, b, c }) => a + b + c > 0)

describe('many by weights', () => {
  test('are chosen from those that have a weight, and from no others', () => {
    fc.assert(
      fc.property(weights, fc.nat(1_000_000), (given, n) => {
        assert.ok(given[nthOf(given, n)] > 0)
      }),
    )
  })

  test('have each their part: of a thousand none is off by more than two', () => {
    fc.assert(
      fc.property(weights, fc.nat(100_000), (given, first) => {
        const counts = { a: 0, b: 0, c: 0 }
        for (let n = first; n < first + 1000; n++) counts[nthOf(given, n)] += 1
        const total = given.a + given.b + given.c
        for (const name of ['a', 'b', 'c'] as const)
          assert.ok(
            Math.abs(counts[name] - (given[name] * 1000) / total) <= 4,
            JSON.stringify({ given, counts }),
          )
      }),
      { numRuns: 60 },
    )
  })

  test('are the same for the same number, in whatever process', () => {
    for (const n of [0, 1, 77, 999_999]) assert.equal(nthOf({ a: 2, b: 3 }, n), nthOf({ a: 2, b: 3 }, n))
  })

  test('family and network of a phone don’t go together: each family has its part of bad networks', () => {
    const plan = { ...QUIET_PLAN, mix: { ios: 1, android: 1 }, networks: { good: 1, bad: 1 } }
    const phones = Array.from({ length: 4000 }, (_, n) => phoneOf(plan, n, ACCOUNT))
    for (const name of ['ios', 'android']) {
      const own = phones.filter(({ family }) => family.name === name)
      const bad = own.filter(({ network }) => network === 'bad').length / own.length
      assert.ok(Math.abs(bad - 0.5) < 0.1, `${bad} of ${name} are on bad networks`)
    }
  })
})

describe('families', () => {
  for (const family of Object.values(FAMILIES)) {
    test(`${family.name} waits no shorter and no longer than it says`, () => {
      const { least, first, most, step } = family.heartbeat
      assert.ok(least <= first && first <= most && step >= 0)
      assert.ok(most <= 3540, 'MS-ASCMD 2.2.3.87: 59 minutes')
      assert.ok(least >= 60, 'MS-ASCMD 2.2.3.87: a minute')
    })

    test(`${family.name} takes no more at once than there may be`, () => {
      const { first, most } = family.window
      assert.ok(first >= 1 && first <= most && most <= 512, 'MS-ASCMD 2.2.3.199')
    })

    test(`${family.name} knows the folders before it takes what is in them`, () => {
      const { setUp, keeps } = family
      assert.ok(
        setUp.indexOf('folderSync') >= 0 && setUp.lastIndexOf('sync') > setUp.lastIndexOf('folderSync'),
      )
      assert.equal(keeps[0], '2', 'the inbox first')
    })

    test(`${family.name} has a name that a request’s head has place for`, () => {
      assert.match(family.deviceType, /^[A-Za-z0-9]{1,32}$/)
      assert.match(family.userAgent, /^[\x20-\x7e]+$/)
    })
  }
})

describe('heads', () => {
  const commands: readonly Command[] = ['Sync', 'SendMail', 'FolderSync', 'Settings', 'Ping', 'Provision']

  test('MS-ASHTTP 2.2.1.1.1: every command of every family is read by the server as it was meant', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FAMILY_NAMES),
        fc.constantFrom(...commands),
        fc.integer({ min: 0, max: 0xffffffff }),
        (family, command, key) => {
          const phone = knowing(family)
          phone.policyKey = String(key)
          const { query, headers } = headOf(phone, { command, body: new Uint8Array(1) })
          const line = parseRequestLine(query.slice(1))
          assert.equal(line.command, command)
          assert.equal(line.deviceId, phone.device)
          const told = family === 'outlook' ? line.policyKey : Number(headers['X-MS-PolicyKey'])
          assert.equal(told, key)
        },
      ),
    )
  })

  test('have no line end and nothing that isn’t Latin, whoever signs in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), (password) => {
        const phone = phoneOf(QUIET_PLAN, 0, { address: 'ä.ö+x@load.example', password })
        const { query, headers } = headOf(phone, { command: 'Ping', body: undefined })
        for (const text of [query, ...Object.values(headers)]) assert.match(text, /^[\x20-\x7e]+$/)
      }),
    )
  })

  test('OPTIONS says neither a command nor a version: it asks which there are', () => {
    const { method, query, headers } = headOf(knowing(), { command: 'OPTIONS', body: undefined })
    assert.deepEqual([method, query], ['OPTIONS', ''])
    assert.deepEqual(Object.keys(headers), ['Authorization', 'User-Agent'])
  })
})

describe('what a Status is to a phone', () => {
  const status = fc.oneof(fc.nat(200).map(String), fc.string())

  test('MS-ASCMD 2.2.2: below 101 it is the command’s own, above it is never passed over', () => {
    fc.assert(
      fc.property(status, (text) => {
        assert.equal(commonTrouble('Sync', text) !== undefined, Number(text) > 100)
      }),
    )
  })

  test('whatever it is, it is said with its command, and nothing but it', () => {
    fc.assert(
      fc.property(fc.constantFrom('Sync', 'Ping', 'FolderSync', 'SendMail'), status, (command, text) => {
        assert.equal(ownTrouble(command, text).message, `${command} Status ${text}`)
        assert.ok(['later', 'unexpected'].includes(ownTrouble(command, text).kind))
      }),
    )
  })

  test('each range is told from its neighbours', () => {
    const kinds = { 125: 'unexpected', 126: 'refused', 131: 'refused', 132: 'unexpected' }
    const more = { 139: 'unexpected', 140: 'policy', 144: 'policy', 145: 'unexpected', 177: 'refused' }
    for (const [text, kind] of Object.entries({ ...kinds, ...more }))
      assert.equal(commonTrouble('Ping', text)?.kind, kind, text)
  })

  test('a wait is no longer than an hour and no shorter than nothing, whatever the server says', () => {
    fc.assert(
      fc.property(fc.option(fc.string(), { nil: undefined }), (text) => {
        const seconds = retryAfterOf(text)
        assert.ok(seconds === undefined || (seconds >= 0 && seconds <= 3600))
      }),
    )
    assert.equal(retryAfterOf(' 30 '), 30)
  })
})
