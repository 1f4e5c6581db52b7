import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncCollectionResponse, type SyncOperation } from '@relais/proto/mail/v1/mail.ts'
import { TENANT } from '../harness.ts'
import { onBothTransports } from './serve.ts'

const KB = 1024
const ROOM = 256 * KB
/** What envelopes and keys of some messages take. */
const REST = 32 * KB

const letter = (n: number, type: string, text: string) =>
  [
    `From: a@else.example`,
    `Subject: ${n}`,
    `Message-ID: <${n}@x>`,
    `Content-Type: ${type}; charset=utf-8`,
    '',
    text,
  ].join('\r\n')

/** Each longer than the room for all of them. */
const LETTERS = [
  letter(1, 'text/html', `<p>${'ä'.repeat(200 * KB)}</p>`),
  letter(2, 'text/plain', 'ö\r\n'.repeat(100 * KB)),
  letter(
    3,
    'text/html',
    `<p>${'x'.repeat(100 * KB)}</p><blockquote type="cite">${'y'.repeat(200 * KB)}</blockquote>`,
  ),
  letter(4, 'text/plain', 'small'),
]

const sizeOf = (response: SyncCollectionResponse) => SyncCollectionResponse.encode(response).finish().length

onBothTransports('the room that a Sync has for bodies', (open) => {
  const asked = (...types: string[]) => ({
    ...{ withBody: true, mimeSupport: 2, streamMime: true, inlineBytes: ROOM },
    bodies: types.map((type) => ({ type })),
  })

  const told = async (...types: string[]) => {
    const served = open()
    const { device, deliver } = served
    for (const one of LETTERS) await deliver(Buffer.from(one))
    await device.sync()
    const options = asked(...types)
    const response = await device.sync({ options })
    return { device, options, response, operations: response.operations }
  }

  const bodyIn = ({ message }: SyncOperation) => message!.body!

  test('is all that one answer holds of them, however many and long they are', async () => {
    for (const types of [['html'], ['plain'], ['mime'], ['html', 'part']]) {
      const { response, operations } = await told(...types)
      assert.equal(operations.length, LETTERS.length)
      assert.ok(sizeOf(response) <= ROOM + REST, `${types}: ${sizeOf(response)}`)
    }
  })

  test('what it has none for is there when it is asked for, byte for byte as long as it was said to be', async () => {
    const { device, options, operations } = await told('html', 'part')
    const deferred = operations.filter((one) => bodyIn(one).deferredLength > 0)
    assert.ok(deferred.length >= 2)
    for (const { placement, message } of deferred) {
      assert.equal(message!.body!.data, undefined)
      assert.equal(message!.body!.truncated, false)
      const { messages } = await device.client.getMessages(
        {
          tenant: TENANT,
          account: device.account,
          placements: [placement],
          options: { ...options, inlineBytes: 0 },
        },
        { identity: device.identity },
      )
      assert.equal(messages[0]!.body!.data!.length, message!.body!.deferredLength)
      assert.equal(
        messages[0]!.bodyPart!.data!.length,
        message!.bodyPart!.deferredLength || message!.bodyPart!.data!.length,
      )
    }
  })

  test('goes to what fits: small ones before it is used up come with their data', async () => {
    const { operations } = await told('plain')
    const [newest] = operations
    assert.equal(Buffer.from(bodyIn(newest!).data!).toString(), 'small')
    assert.equal(bodyIn(newest!).deferredLength, 0)
  })

  test('without a bound all come with their data', async () => {
    const { device, deliver } = open()
    for (const one of LETTERS) await deliver(Buffer.from(one))
    await device.sync()
    const { operations } = await device.sync({ options: { ...asked('html'), inlineBytes: 0 } })
    for (const one of operations) assert.ok(bodyIn(one).data!.length > 0)
  })
})
