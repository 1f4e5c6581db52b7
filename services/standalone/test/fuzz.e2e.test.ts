import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import fc from 'fast-check'
import { standaloneOnly } from './form.ts'
import { CORPUS } from './fuzz/corpus.ts'
import { edited, edits, fuzzedRequest, tried, VERSIONS, type Version } from './fuzz/request.ts'
import { AUTODISCOVER } from './fuzz/seeds.ts'
import { StandaloneWorld } from './phones/standalone-world.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = new StandaloneWorld(`${folder.path}/data`)
const phones = new Map<Version, EasClient>()

before(async () => {
  await world.start()
  const person = await world.person()
  await world.deliver(person, 'inbox', 5)
  for (const version of VERSIONS) {
    const deviceId = `FUZZ${version.replace('.', '')}`
    const { address: user, password } = person
    phones.set(version, new EasClient({ url: world.urls[0]!, user, password, deviceId, version }))
  }
})
after(async () => {
  for (const phone of phones.values()) phone.close()
  await world.stop()
  folder.remove()
})

const options = standaloneOnly('one process sees what all of them would')

describe('whatever the bytes of a request are', options, () => {
  for (const { name, body, ...request } of CORPUS)
    test(`${request.command} of ${request.version} with ${name} gets the protocol's own answer`, () =>
      tried(phones, { ...request, body: Buffer.from(body, 'hex') }))

  test("any damaged request of any command and version gets the protocol's own answer, within the schema", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fuzzedRequest, { minLength: 4, maxLength: 4 }), async (requests) => {
        await Promise.all(requests.map((request) => tried(phones, request)))
      }),
      { numRuns: 100 },
    )
  })

  test('any damaged query in base64 is answered by 200, 400 or 501', async () => {
    const phone = phones.get('16.1')!
    const query = Buffer.from([161, 18, 9, 4, 5, ...Buffer.from('FUZZ1'), 0, 2, 65, 66, 7, 1, 2, 1, 1, 65])
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const base64 = edited(query, changes).toString('base64url')
        const { status } = await phone.request(`/Microsoft-Server-ActiveSync?${base64}`, { method: 'POST' })
        assert.ok([200, 400, 501].includes(status), `${status} to ${base64}`)
      }),
      { numRuns: 200 },
    )
  })

  test('any damaged Autodiscover is answered by settings or a refusal', async () => {
    const phone = phones.get('16.1')!
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const body = edited(AUTODISCOVER, changes)
        const { status, bytes } = await phone.request('/autodiscover/autodiscover.xml', {
          method: 'POST',
          body,
          headers: { 'Content-Type': 'text/xml' },
        })
        assert.equal(status, 200)
        assert.match(bytes.toString(), /<Url>|<ErrorCode>600</)
      }),
      { numRuns: 150 },
    )
  })

  test('and after all of this a phone is served as before', async () => {
    const answer = await phones.get('16.1')!.optionsRequest()
    assert.equal(answer.status, 200)
  })
})
