import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded, type RelaisError } from '@relais/service-kit'
import { RequestLoad } from './request-work.ts'

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
  test('takes up again what waited, also where it is full: it was let in once', () => {
    const load = new RequestLoad(1)
    load.begin()
    load.resume()
    assert.equal(load.working, 2)
  })
})
