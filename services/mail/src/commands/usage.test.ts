import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Projector } from '@relais/read-store'
import { Usage } from './usage.ts'

const key = { tenant: 'acme', account: 'u_1' }

/** Rows that say what they are told, and a projector that gets on when it is told. */
const setUp = ({ usedBytes = 0, blobs = [] as string[] } = {}) => {
  const rows = { usedBytes }
  const waiting: { position: number; resolve: () => void; reject: (error: Error) => void }[] = []
  const store = {
    get: async (sql: string) => {
      if (sql.includes('mail_accounts')) return { usedBytes: rows.usedBytes }
      return blobs.length > 0 ? { found: 1 } : undefined
    },
  }
  const waitFor = (position: number) =>
    new Promise<void>((resolve, reject) => void waiting.push({ position, resolve, reject }))
  const projector = { store, waitFor } as unknown as Projector
  const usage = new Usage(projector, () => 0)
  const projected = (bytes: number) => {
    rows.usedBytes += bytes
    for (const { resolve } of waiting.splice(0)) resolve()
  }
  const stuck = () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('it stands still'))
  }
  return { usage, projected, stuck, waiting }
}

const full = { code: 'QUOTA_EXCEEDED', retryable: false }
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('room in an account', () => {
  test('is there up to the last byte of the quota', async () => {
    const { usage } = setUp({ usedBytes: 60 })
    await usage.reserve({ ...key, bytes: 40, quotaBytes: 100 })
    await assert.rejects(usage.reserve({ ...key, bytes: 1, quotaBytes: 100 }), full)
  })

  test('is endless without a quota', async () => {
    const { usage } = setUp({ usedBytes: 1e12 })
    await usage.reserve({ ...key, bytes: 1e12, quotaBytes: 0 })
  })

  test('goes to those that asked first, when many ask at the same time', async () => {
    const { usage } = setUp()
    const asked = [50, 50, 50, 10].map((bytes) => usage.reserve({ ...key, bytes, quotaBytes: 100 }))
    const got = (await Promise.allSettled(asked)).map(({ status }) => status === 'fulfilled')
    assert.deepEqual(got, [true, true, false, false])
  })

  test("isn't taken by what was refused or given back", async () => {
    const { usage } = setUp()
    const first = await usage.reserve({ ...key, bytes: 100, quotaBytes: 100 })
    await assert.rejects(usage.reserve({ ...key, bytes: 100, quotaBytes: 100 }), full)
    first.release()
    first.release()
    await usage.reserve({ ...key, bytes: 100, quotaBytes: 100 })
  })

  test('is held until the rows count the message, and no longer', async () => {
    const { usage, projected } = setUp()
    const first = await usage.reserve({ ...key, bytes: 60, quotaBytes: 100 })
    first.stored(7)
    await assert.rejects(usage.reserve({ ...key, bytes: 60, quotaBytes: 100 }), full)
    projected(60)
    await settled()
    await usage.reserve({ ...key, bytes: 40, quotaBytes: 100 })
  })

  test('is not held for ever by a projector that stands still', async () => {
    const { usage, stuck, waiting } = setUp()
    const first = await usage.reserve({ ...key, bytes: 100, quotaBytes: 100 })
    first.stored(7)
    assert.equal(waiting[0]!.position, 7)
    stuck()
    await settled()
    await usage.reserve({ ...key, bytes: 100, quotaBytes: 100 })
  })

  test('of other accounts and tenants is their own', async () => {
    const { usage } = setUp()
    await usage.reserve({ ...key, bytes: 100, quotaBytes: 100 })
    await usage.reserve({ ...key, account: 'u_2', bytes: 100, quotaBytes: 100 })
    await usage.reserve({ ...key, tenant: 'other', bytes: 100, quotaBytes: 100 })
  })

  test('is found for a message that the account has, once the quota is not passed yet', async () => {
    const { usage } = setUp({ usedBytes: 90, blobs: ['b'] })
    await usage.reserve({ ...key, bytes: 90, quotaBytes: 100, blob: 'b' })
    await assert.rejects(usage.reserve({ ...key, bytes: 90, quotaBytes: 100 }), full)
    const passed = setUp({ usedBytes: 180, blobs: ['b'] })
    await assert.rejects(passed.usage.reserve({ ...key, bytes: 90, quotaBytes: 100, blob: 'b' }), full)
    const other = setUp({ usedBytes: 90 })
    await assert.rejects(other.usage.reserve({ ...key, bytes: 90, quotaBytes: 100, blob: 'b' }), full)
  })
})
