import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crowdOf } from './crowd.ts'
import { sharesOf } from './holders.ts'

const servers = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ host: '127.0.0.1', port: 9000 + n, secure: false }))

const rest = { accounts: 100, work: 'hold' } as const

test('every phone is played once, whatever the number of servers', () => {
  for (const count of [1, 2, 3, 7, 8])
    for (const phones of [1, 8, 99, 100, 12_501]) {
      const shares = sharesOf(servers(count), { first: 5, count: phones }, rest)
      const played = shares.flatMap((share) => Array.from({ length: share.count }, (_, n) => share.first + n))
      assert.deepEqual(
        played,
        Array.from({ length: phones }, (_, n) => 5 + n),
      )
    }
})

test('each server has an address of its own that its phones come from, of loopback', () => {
  const shares = sharesOf(servers(8), { first: 0, count: 800 }, rest)
  assert.equal(new Set(shares.map(({ address }) => address.from)).size, 8)
  for (const { address } of shares) assert.match(address.from ?? '', /^127\.0\.[1-8]\.1$/)
})

test('100,000 phones are 12,500 accounts with a phone at each of eight device-syncs', () => {
  const { accounts, deviceSyncs, phones } = crowdOf(100_000)
  assert.deepEqual({ accounts, deviceSyncs, phones }, { accounts: 12_500, deviceSyncs: 8, phones: 100_000 })
  const shares = sharesOf(servers(deviceSyncs), { first: 0, count: phones }, { accounts, work: 'hold' })
  for (const { first, count } of shares) {
    const accountsHere = new Set(Array.from({ length: count }, (_, n) => (first + n) % accounts))
    assert.equal(accountsHere.size, count)
  }
})

test('no process holds more than 12,500 phones, and there are always two processes', () => {
  for (const phones of [1, 10, 12_500, 25_000, 25_001, 99_999, 200_000]) {
    const { accounts, deviceSyncs } = crowdOf(phones)
    assert.ok(deviceSyncs >= 2)
    assert.ok(accounts <= 12_500 && accounts * deviceSyncs >= phones)
  }
})
