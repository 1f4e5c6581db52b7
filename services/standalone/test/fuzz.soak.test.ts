import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import fc from 'fast-check'
import { fuzzedRequest, tried, VERSIONS, type Version } from './fuzz/request.ts'
import { StandaloneWorld } from './phones/standalone-world.ts'
import { testFolder } from './process.ts'

const REQUESTS_AT_ONCE = 8
const MAX_GROWTH = 300 * 1024 * 1024

const folder = testFolder()
const world = new StandaloneWorld(`${folder.path}/data`)
const phones = new Map<Version, EasClient>()

before(async () => {
  await world.start()
  const { address: user, password } = await world.person()
  for (const version of VERSIONS)
    phones.set(
      version,
      new EasClient({ url: world.urls[0]!, user, password, deviceId: `SOAK${version}`, version }),
    )
})
after(async () => {
  for (const phone of phones.values()) phone.close()
  await world.stop()
  folder.remove()
})

test('forty thousand damaged requests of all commands and versions: each is answered, and memory stays bounded', async () => {
  const some = fc.array(fuzzedRequest, { minLength: REQUESTS_AT_ONCE, maxLength: REQUESTS_AT_ONCE })
  const begin = process.memoryUsage.rss()
  await fc.assert(
    fc.asyncProperty(some, async (requests) => {
      await Promise.all(requests.map((request) => tried(phones, request)))
    }),
    { numRuns: 5_000 },
  )
  const growth = process.memoryUsage.rss() - begin
  assert.ok(growth < MAX_GROWTH, `memory grew by ${Math.round(growth / 1024 / 1024)} MiB`)
})
