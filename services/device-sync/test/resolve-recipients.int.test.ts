import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { Person } from '@relais/proto/directory/v1/directory.ts'
import { retryable } from '@relais/service-kit'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { bytesOf, child, childrenNamed, childrenOf, textChild, textOf } from '../src/wbxml/read.ts'
import { createRoot, MAIL_PURPOSE, SERVER_PURPOSE, type TestCertificate } from './test-certificates.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService()

const person = (displayName: string, address: string) =>
  Person.fromPartial({ displayName, address, account: `u_${displayName.replace(' ', '_')}` })

beforeEach(() => {
  const { directory } = shared()
  directory.pictures.clear()
  directory.certificates = []
  directory.asked.splice(0)
  directory.people = [
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
    assert.equal(textChild(certificates, 'resolverecipients:RecipientCount'), '1')
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

/** Status of each recipient's Picture, and how many bytes it has. */
const picturesIn = (recipients: readonly WbxmlNode[]) =>
  recipients.map((recipient) => {
    const picture = child(recipient, 'resolverecipients:Picture')
    const data = child(picture, 'resolverecipients:Data')
    return [textChild(picture, 'resolverecipients:Status'), data ? bytesOf(data).length : undefined]
  })

describe('ResolveRecipients: pictures', () => {
  const wanted = (...bounds: WbxmlNode[]) => options(el('resolverecipients:Picture', bounds))
  const maxSize = (bytes: number) => el('resolverecipients:MaxSize', bytes)
  const maxPictures = (count: number) => el('resolverecipients:MaxPictures', count)
  beforeEach(() => {
    const { pictures } = shared().directory
    pictures.set('u_anna_bell', Buffer.alloc(1000, 1))
    pictures.set('u_bert_bell', Buffer.alloc(2000, 2))
  })
  const bells = async (...bounds: WbxmlNode[]) => {
    const { responses } = await resolve(to('bell'), to('carl'), wanted(...bounds))
    return picturesIn(responses.flatMap(({ recipients }) => recipients))
  }

  test('1 with its bytes, also of who may be meant; 173 where there is none', async () => {
    assert.deepEqual(await bells(), [
      ['1', 1000],
      ['1', 2000],
      ['173', undefined],
    ])
  })
  test('174: it is larger than MaxSize', async () => {
    assert.deepEqual(await bells(maxSize(2000)), [
      ['1', 1000],
      ['1', 2000],
      ['173', undefined],
    ])
    assert.deepEqual(await bells(maxSize(1999)), [
      ['1', 1000],
      ['174', undefined],
      ['173', undefined],
    ])
  })
  test('175: MaxPictures are in the answer already; one too large isn’t', async () => {
    assert.deepEqual(await bells(maxPictures(1)), [
      ['1', 1000],
      ['175', undefined],
      ['173', undefined],
    ])
    assert.deepEqual(await bells(maxPictures(0)), [
      ['175', undefined],
      ['175', undefined],
      ['173', undefined],
    ])
    shared().directory.pictures.set('u_carl', Buffer.alloc(10, 3))
    assert.deepEqual(await bells(maxPictures(2), maxSize(1500)), [
      ['1', 1000],
      ['174', undefined],
      ['1', 10],
    ])
  })
  test('175: there are a hundred in the answer, whatever was asked for, also where one person is meant often', async () => {
    const often = Array.from({ length: 51 }, () => to('bell'))
    const { responses } = await resolve(...often, wanted(maxPictures(5000)))
    const statuses = picturesIn(responses.flatMap(({ recipients }) => recipients)).map(([status]) => status)
    assert.deepEqual(statuses, [...new Array(100).fill('1'), '175', '175'])
  })
  test('of all that may be meant those of the first thousand are looked for, a hundred at a time', async () => {
    const { directory } = shared()
    directory.people = Array.from({ length: 1003 }, (_, n) =>
      Person.fromPartial({ displayName: `many ${n}`, address: `m${n}@example.org`, account: `m${n}` }),
    )
    const all = options(el('resolverecipients:MaxAmbiguousRecipients', 9999), el('resolverecipients:Picture'))
    const { responses } = await resolve(to('many 1'), to('many'), all)
    assert.ok(responses.every(({ recipients }) => recipients.length <= 1000))
    assert.ok(directory.asked.length <= 10)
    assert.ok(directory.asked.every(({ accounts, tenant }) => accounts.length <= 100 && tenant === 'acme'))
  })
  test('nobody is asked for pictures that no phone wants, nor before 14.1', async () => {
    await resolve(to('bell'))
    const document = el('resolverecipients:ResolveRecipients', [to('bell'), wanted()])
    const { root } = await shared().phone({ version: '14.0' }).post('ResolveRecipients', document)
    const [response] = childrenNamed(root!, 'resolverecipients:Response')
    assert.deepEqual(picturesIn(childrenNamed(response!, 'resolverecipients:Recipient')), [
      [undefined, undefined],
      [undefined, undefined],
    ])
    assert.deepEqual(shared().directory.asked, [])
  })
})

describe('ResolveRecipients: certificates', () => {
  let [good, longer, expired, ofServer]: TestCertificate[] = []
  before(async () => {
    good = await createRoot('carl', { purposes: [MAIL_PURPOSE] })
    longer = await createRoot('carl', { to: 20 })
    expired = await createRoot('carl', { to: -1 })
    ofServer = await createRoot('carl', { purposes: [SERVER_PURPOSE] })
  })
  const has = (account: string, ...certificates: (TestCertificate | undefined)[]) => {
    for (const one of certificates)
      shared().directory.certificates.push({ account, fingerprint: '', certificate: one!.node.raw })
  }
  const wanted = (retrieval: number, max?: number) =>
    options(
      el('resolverecipients:CertificateRetrieval', retrieval),
      ...(max === undefined ? [] : [el('resolverecipients:MaxCertificates', max)]),
    )
  const certificatesIn = (recipient: WbxmlNode | undefined) => {
    const node = child(recipient, 'resolverecipients:Certificates')
    const texts = (tag: 'resolverecipients:Certificate' | 'resolverecipients:MiniCertificate') =>
      node ? childrenNamed(node, tag).map((one) => textOf(one, 20_000)) : []
    return {
      status: textChild(node, 'resolverecipients:Status'),
      count: textChild(node, 'resolverecipients:CertificateCount'),
      whole: texts('resolverecipients:Certificate'),
      mini: texts('resolverecipients:MiniCertificate'),
    }
  }
  const asked = async (names: readonly string[], option: WbxmlNode) =>
    (await resolve(...names.map(to), option)).responses.map(({ recipients }) => certificatesIn(recipients[0]))

  test('1: those that mail can be encrypted for now, the one that is good for longest first', async () => {
    has('u_carl', good, expired, ofServer, longer)
    assert.deepEqual(await asked(['carl'], wanted(2)), [
      { status: '1', count: '2', whole: [longer!.base64, good!.base64], mini: [] },
    ])
  })
  test('1: as a mini-certificate there is one', async () => {
    has('u_carl', good, longer)
    assert.deepEqual(await asked(['carl'], wanted(3)), [
      { status: '1', count: '2', whole: [], mini: [longer!.base64] },
    ])
  })
  test('7: none is good any more, or for mail, or can be read', async () => {
    has('u_carl', expired, ofServer)
    shared().directory.certificates.push({
      account: 'u_carl',
      fingerprint: '',
      certificate: Buffer.from('x'),
    })
    assert.deepEqual(await asked(['carl'], wanted(2)), [{ status: '7', count: '0', whole: [], mini: [] }])
  })
  test('8: MaxCertificates is reached: nobody gets some of theirs, and each is told how many there are', async () => {
    shared().directory.people.push(person('dora', 'dora@example.org'))
    has('u_carl', good, longer)
    has('u_dora', good)
    const counts = async (max: number) =>
      (await asked(['carl', 'dora'], wanted(2, max))).map(({ status, count, whole }) => [
        status,
        count,
        whole.length,
      ])
    assert.deepEqual(await counts(3), [
      ['1', '2', 2],
      ['1', '1', 1],
    ])
    assert.deepEqual(await counts(2), [
      ['1', '2', 2],
      ['8', '1', 0],
    ])
    assert.deepEqual(await counts(1), [
      ['8', '2', 0],
      ['1', '1', 1],
    ])
    assert.deepEqual(await counts(0), [
      ['8', '2', 0],
      ['8', '1', 0],
    ])
    const minis = (await asked(['carl', 'dora'], wanted(3, 1))).map(({ status, mini }) => [
      status,
      mini.length,
    ])
    assert.deepEqual(minis, [
      ['1', 1],
      ['8', 0],
    ])
  })
  test('are those of who is surely meant alone', async () => {
    has('u_anna_bell', good)
    const { responses } = await resolve(to('bell'), to('anna bell'), wanted(2))
    assert.deepEqual(
      responses.map(({ status, recipients }) => [status, certificatesIn(recipients[0]).status]),
      [
        ['2', undefined],
        ['1', '1'],
      ],
    )
  })
  test('MaxCertificates is at most 9,999', async () => {
    assert.equal((await resolve(to('carl'), wanted(2, 9999))).status, '1')
    assert.equal((await resolve(to('carl'), wanted(2, 10_000))).status, '5')
  })
})
