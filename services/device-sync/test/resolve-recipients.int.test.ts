import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { Person } from '@relais/proto/directory/v1/directory.ts'
import { retryable } from '@relais/service-kit'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, childrenNamed, childrenOf, textChild } from '../src/wbxml/read.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService()

const person = (displayName: string, address: string) => Person.fromPartial({ displayName, address })

beforeEach(() => {
  shared().directory.people = [
    person('anna bell', 'anna@example.org'),
    person('bert bell', 'bert@example.org'),
    person('carl', 'carl@example.org'),
  ]
})

const to = (name: string) => el('resolverecipients:To', name)
const options = (...given: WbxmlNode[]) => el('resolverecipients:Options', given)
const availability = (start: string, end?: string) =>
  el('resolverecipients:Availability', [
    el('resolverecipients:StartTime', start),
    ...(end === undefined ? [] : [el('resolverecipients:EndTime', end)]),
  ])

const resolve = async (...children: WbxmlNode[]) => {
  const { root } = await shared()
    .phone()
    .post('ResolveRecipients', el('resolverecipients:ResolveRecipients', children))
  return {
    status: textChild(root, 'resolverecipients:Status'),
    responses: childrenNamed(root!, 'resolverecipients:Response').map((node) => ({
      to: textChild(node, 'resolverecipients:To'),
      status: textChild(node, 'resolverecipients:Status'),
      count: textChild(node, 'resolverecipients:RecipientCount'),
      recipients: childrenNamed(node, 'resolverecipients:Recipient'),
    })),
  }
}
const addresses = (recipients: readonly WbxmlNode[]) =>
  recipients.map((node) => textChild(node, 'resolverecipients:EmailAddress'))

describe('ResolveRecipients', () => {
  test('1: one person is meant', async () => {
    const { status, responses } = await resolve(to('carl'))
    assert.equal(status, '1')
    const [one] = responses
    assert.deepEqual([one!.to, one!.status, one!.count], ['carl', '1', '1'])
    assert.deepEqual(
      childrenOf(one!.recipients[0]!).map(({ tag }) => tag),
      ['resolverecipients:Type', 'resolverecipients:DisplayName', 'resolverecipients:EmailAddress'],
    )
    assert.equal(textChild(one!.recipients[0], 'resolverecipients:Type'), '2')
  })
  test('2: several may be meant; 3: more than are shown', async () => {
    const all = (await resolve(to('bell'))).responses[0]!
    assert.deepEqual([all.status, all.count], ['2', '2'])
    assert.deepEqual(addresses(all.recipients), ['anna@example.org', 'bert@example.org'])
    const few = options(el('resolverecipients:MaxAmbiguousRecipients', 1))
    const some = (await resolve(to('bell'), few)).responses[0]!
    assert.deepEqual([some.status, some.count, some.recipients.length], ['3', '2', 1])
    const none = options(el('resolverecipients:MaxAmbiguousRecipients', 0))
    assert.equal((await resolve(to('bell'), none)).responses[0]!.recipients.length, 0)
  })
  test('4: nobody is, which is told for each name by itself', async () => {
    const { responses } = await resolve(to('nobody'), to('carl'), to(''))
    assert.deepEqual(
      responses.map(({ status, count }) => [status, count]),
      [
        ['4', '0'],
        ['1', '1'],
        ['4', '0'],
      ],
    )
  })
  test('an address means its owner, also beside a name', async () => {
    const { directory } = shared()
    directory.people = [
      Person.fromPartial({ displayName: 'x anna@example.org', address: 'other@example.org' }),
      Person.fromPartial({ displayName: 'y anna@example.org', address: 'anna@example.org' }),
    ]
    for (const name of ['anna@example.org', '"Anna, B." <ANNA@example.org>']) {
      const [one] = (await resolve(to(name))).responses
      assert.deepEqual([one!.status, addresses(one!.recipients)], ['1', ['anna@example.org']], name)
      assert.equal(directory.searches.at(-1)!.request.query, 'anna@example.org')
      assert.equal(directory.searches.at(-1)!.request.tenant, 'acme')
    }
  })
  test('7 and 173: no certificates and no pictures are known, where they are asked for', async () => {
    const wanted = options(
      el('resolverecipients:CertificateRetrieval', 2),
      el('resolverecipients:MaxCertificates', 10),
      el('resolverecipients:Picture', [el('resolverecipients:MaxSize', 1000)]),
    )
    const [recipient] = (await resolve(to('carl'), wanted)).responses[0]!.recipients
    const certificates = child(recipient, 'resolverecipients:Certificates')
    assert.equal(textChild(certificates, 'resolverecipients:Status'), '7')
    assert.equal(textChild(certificates, 'resolverecipients:CertificateCount'), '0')
    assert.equal(textChild(child(recipient, 'resolverecipients:Picture'), 'resolverecipients:Status'), '173')
    const none = options(el('resolverecipients:CertificateRetrieval', 1))
    assert.equal(
      child((await resolve(to('carl'), none)).responses[0]!.recipients[0], 'resolverecipients:Certificates'),
      undefined,
    )
  })
  test('nothing is known of anybody’s time: a 4 for every half hour', async () => {
    const freeBusy = async (start: string, end?: string) => {
      const [recipient] =
        (await resolve(to('carl'), options(availability(start, end)))).responses[0]?.recipients ?? []
      const found = child(recipient, 'resolverecipients:Availability')
      return [
        textChild(found, 'resolverecipients:Status'),
        textChild(found, 'resolverecipients:MergedFreeBusy', { max: 5000 }),
      ]
    }
    assert.deepEqual(await freeBusy('2026-01-05T09:00:00.000Z', '2026-01-05T11:00:00.000Z'), ['1', '4444'])
    assert.deepEqual(await freeBusy('2026-01-05T09:10:00.000Z', '2026-01-05T10:15:00.000Z'), ['1', '444'])
    assert.deepEqual(await freeBusy('2026-01-05T09:00:00.000Z'), ['1', '4'.repeat(7 * 48)])
    const [, longest] = await freeBusy('2026-01-01T00:00:00.000Z', '2026-02-12T00:00:00.000Z')
    assert.equal(longest!.length, 42 * 48)
  })
  test('nobody’s time is told where several may be meant', async () => {
    const asked = options(availability('2026-01-05T09:00:00.000Z', '2026-01-05T11:00:00.000Z'))
    for (const recipient of (await resolve(to('bell'), asked)).responses[0]!.recipients)
      assert.equal(child(recipient, 'resolverecipients:Availability'), undefined)
  })
  test('5: a span of time that is none, or longer than 42 days', async () => {
    for (const [start, end] of [
      ['2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.000Z'],
      ['2026-01-05T09:00:00.000Z', '2026-01-04T09:00:00.000Z'],
      ['2026-01-01T00:00:00.000Z', '2026-02-12T00:00:00.001Z'],
      ['monday', undefined],
      ['', undefined],
    ] as const)
      assert.deepEqual(await resolve(to('carl'), options(availability(start, end))), {
        status: '5',
        responses: [],
      })
  })
  test('takes a hundred names, and refuses more with 5, as none and one that is too long', async () => {
    const many = (count: number) => Array.from({ length: count }, () => to('carl'))
    assert.equal((await resolve(...many(100))).responses.length, 100)
    for (const children of [many(101), [], [to('x'.repeat(257))]])
      assert.deepEqual(await resolve(...children), { status: '5', responses: [] })
    assert.equal((await resolve(to('x'.repeat(256)))).responses[0]!.status, '4')
  })
  test('5: an option that can’t be', async () => {
    for (const option of [
      el('resolverecipients:CertificateRetrieval', 4),
      el('resolverecipients:MaxAmbiguousRecipients', 10_000),
      el('resolverecipients:MaxCertificates', -1),
    ])
      assert.equal((await resolve(to('carl'), options(option))).status, '5')
  })
  test('111: the directory is away', async (t) => {
    const { directory } = shared()
    t.after(() => {
      directory.failure = undefined
    })
    directory.failure = retryable('UNAVAILABLE', 'away')
    assert.equal((await resolve(to('carl'))).status, '111')
  })
})
