import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import fc from 'fast-check'
import { fuzzedRequest, tried, VERSIONS, type Version } from './fuzz/request.ts'
import { StandaloneWorld } from './phones/standalone-world.ts'
import { testFolder } from './process.ts'

const REQUESTS_AT_ONCE = 8
const ROUNDS = 500
const BATCHES = 10
const MAX_GROWTH = 300 * 1024 * 1024

/** Other requests each time; each test says its seed. */
const start = Math.floor(Math.random() * 2 ** 30)

const folder = testFolder()
const world = new StandaloneWorld(`${folder.path}/data`)
const phones = new Map<Version, EasClient>()
let begin = 0

before(async () => {
  await world.start()
  const { address: user, password } = await world.person()
  for (const version of VERSIONS)
    phones.set(
      version,
      new EasClient({ url: world.urls[0]!, user, password, deviceId: `SOAK${version}`, version }),
    )
  begin = process.memoryUsage.rss()
})
after(async () => {
  for (const phone of phones.values()) phone.close()
  await world.stop()
  folder.remove()
})

const some = fc.array(fuzzedRequest, { minLength: REQUESTS_AT_ONCE, maxLength: REQUESTS_AT_ONCE })

for (let batch = 0; batch < BATCHES; batch += 1) {
  const seed = start + batch
  const count = ROUNDS * REQUESTS_AT_ONCE
  test(`${count} damaged requests of all commands and versions are answered, and memory stays bounded (${batch + 1} of ${BATCHES}, seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(some, async (requests) => {
        await Promise.all(requests.map((request) => tried(phones, request)))
      }),
      { seed, numRuns: ROUNDS },
    )
    const growth = process.memoryUsage.rss() - begin
    assert.ok(growth < MAX_GROWTH, `memory grew by ${Math.round(growth / 1024 / 1024)} MiB`)
  })
}
