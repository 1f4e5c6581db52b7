import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { isCoded, type RelaisError, terminal } from '@relais/service-kit'
import { HeldRequests } from '../held/held-requests.ts'
import { holdRequest, RequestLoad } from './request-work.ts'

const device = { tenant: 'acme', account: 'u1', device: 'd1' }

class FakeResponse extends EventEmitter {
  destroyed = false
}

const setUp = () => {
  const held = new HeldRequests()
  const load = new RequestLoad(1)
  const response = new FakeResponse()
  const ends: RelaisError[] = []
  const hold = () =>
    holdRequest(
      { held, load, response: response as unknown as ServerResponse, device, recheck: async () => undefined },
      (reason) => ends.push(reason),
    )
  return { held, load, response, ends, hold }
}

describe('load', () => {
  test('has an end: OVERLOADED with a time to come back', () => {
    const load = new RequestLoad(1)
    load.begin()
    assert.throws(
      () => load.begin(),
      (error) => {
        assert.ok(isCoded(error) && error.code === 'OVERLOADED')
        const { retryAfterSeconds = 0 } = error as RelaisError
        return retryAfterSeconds >= 5 && retryAfterSeconds < 30
      },
    )
    load.rest()
    load.begin()
  })
})

describe('a request that waits', () => {
  test('is no load, and is one again when it goes on', () => {
    const { load, held, hold } = setUp()
    const goOn = hold()
    assert.deepEqual([load.working, held.count], [0, 1])
    goOn()
    assert.deepEqual([load.working, held.count], [1, 0])
  })
  test('goes on once, however often it is said', () => {
    const { load, hold } = setUp()
    const goOn = hold()
    goOn()
    goOn()
    assert.equal(load.working, 1)
  })
  test('ends with its connection', () => {
    const { response, ends, held, load, hold } = setUp()
    hold()
    response.emit('close')
    assert.deepEqual(
      ends.map(({ code }) => code),
      ['CANCELLED'],
    )
    assert.deepEqual([load.working, held.count], [1, 0])
  })
  test('ends at once if its connection is gone already', () => {
    const { response, ends, hold } = setUp()
    response.destroyed = true
    hold()
    assert.equal(ends.length, 1)
  })
  test('ends with its account', () => {
    const { ends, held, hold } = setUp()
    hold()
    held.endAccount('acme', 'u2', terminal('ACCOUNT_LOCKED', ''))
    assert.equal(ends.length, 0)
    held.endAccount('acme', 'u1', terminal('ACCOUNT_LOCKED', ''))
    held.endAccount('acme', 'u1', terminal('ACCOUNT_LOCKED', ''))
    assert.deepEqual(
      ends.map(({ code }) => code),
      ['ACCOUNT_LOCKED'],
    )
  })
  test('that went on is not ended any more, and leaves no listener', () => {
    const { response, ends, hold } = setUp()
    hold()()
    response.emit('close')
    assert.equal(ends.length, 0)
    assert.equal(response.listenerCount('close'), 0)
  })
})
