import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeClock } from '@relais/testing'
import { RememberedCredentials } from './remembered-credentials.ts'
import type { SignedIn } from './signed-in.ts'

const user = (change: Partial<SignedIn> = {}): SignedIn => ({
  tenant: 'acme',
  account: 'u1',
  address: 'mike@example.org',
  aliases: [],
  displayName: '',
  locale: 'en',
  timeZone: 'UTC',
  epoch: 1,
  appPassword: '',
  expiresAt: Number.POSITIVE_INFINITY,
  ...change,
})

const setUp = (options: { max?: number; ttlMs?: number } = {}) => {
  const clock = createFakeClock()
  const remembered = new RememberedCredentials({ clock: clock.now, ...options })
  const remember = (header: string, who = user()) => remembered.remember(remembered.hash(header), who)
  const get = (header: string) => remembered.get(remembered.hash(header))
  return { clock, remembered, remember, get }
}

describe('remembered credentials', () => {
  test('are found by the header that confirmed them, and by no other', () => {
    const { remember, get } = setUp()
    remember('Basic abc')
    assert.equal(get('Basic abc')?.account, 'u1')
    assert.equal(get('Basic abd'), undefined)
    assert.equal(get('basic abc'), undefined)
  })
  test('are hashed under a key of their own: two processes never agree', () => {
    const [one, two] = [setUp().remembered, setUp().remembered]
    assert.notEqual(one.hash('Basic abc'), two.hash('Basic abc'))
    assert.equal(one.hash('Basic abc').length, 43)
  })
  test('are forgotten after their time', () => {
    const { remember, get, clock, remembered } = setUp({ ttlMs: 1_000 })
    remember('a')
    clock.advance(999)
    assert.ok(get('a'))
    clock.advance(1)
    assert.equal(get('a'), undefined)
    assert.equal(remembered.size, 0)
  })
  test('are forgotten when the credential itself expires before', () => {
    const { remember, get, clock } = setUp({ ttlMs: 10_000 })
    remember('a', user({ expiresAt: clock.now() + 500 }))
    clock.advance(500)
    assert.equal(get('a'), undefined)
  })
  test('of an account are forgotten together', () => {
    const { remember, get, remembered } = setUp()
    remember('a')
    remember('b')
    remember('c', user({ account: 'u2' }))
    remembered.forgetAccount('acme', 'u1')
    assert.deepEqual([get('a'), get('b'), get('c')?.account], [undefined, undefined, 'u2'])
  })
  test('of a tenant are forgotten together, not those of one with a longer name', () => {
    const { remember, get, remembered } = setUp()
    remember('a')
    remember('b', user({ tenant: 'acme2' }))
    remembered.forgetTenant('acme')
    assert.deepEqual([get('a'), get('b')?.tenant], [undefined, 'acme2'])
  })
  test('can all be forgotten', () => {
    const { remember, get, remembered } = setUp()
    remember('a')
    remembered.forgetAll()
    assert.equal(get('a'), undefined)
  })
  test('are bounded: what was used longest ago goes', () => {
    const { remember, get, remembered } = setUp({ max: 2 })
    remember('a')
    remember('b')
    get('a')
    remember('c')
    assert.deepEqual([get('a') !== undefined, get('b'), get('c') !== undefined], [true, undefined, true])
    assert.equal(remembered.size, 2)
  })
  test('that went for lack of room are no longer their account’s', () => {
    const { remember, get, remembered } = setUp({ max: 1 })
    remember('a')
    remember('b', user({ account: 'u2' }))
    remember('a', user({ account: 'u3' }))
    remembered.forgetAccount('acme', 'u1')
    assert.equal(get('a')?.account, 'u3')
  })
})
