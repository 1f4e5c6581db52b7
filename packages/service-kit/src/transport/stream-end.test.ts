import assert from 'node:assert/strict'
import test from 'node:test'
import { DeliverRequest } from '@relais/proto/mail/v1/mail.ts'
import fc from 'fast-check'
import { Metadata } from 'nice-grpc'
import { chunk, ParcelDefinition } from '../../test/parcel-service.ts'
import type { MessageType } from './definition.ts'
import { announceMark, marked, whole, withStreamEnds } from './stream-end.ts'

const wire = withStreamEnds(ParcelDefinition).methods.gather.requestType as unknown as MessageType

const announced = () => {
  const metadata = Metadata()
  announceMark(metadata)
  return metadata
}

async function* from(messages: readonly unknown[]) {
  yield* messages
}

const collect = async (messages: AsyncIterable<unknown>) => {
  const read: unknown[] = []
  for await (const message of messages) read.push(message)
  return read
}

/** A stream's messages as the other side's handler gets them. */
const crossed = async (messages: readonly unknown[], cut = 0) => {
  const sent = await collect(marked(from(messages)))
  const bytes = sent.map((message) => wire.encode(wire.fromPartial(message)).finish())
  return collect(
    whole(from(bytes.slice(0, bytes.length - cut).map((data) => wire.decode(data))), announced()),
  )
}

const requests = fc.array(
  fc.uint8Array({ maxLength: 20 }).map((value) => ({ part: { $case: 'chunk' as const, value } })),
  { maxLength: 5 },
)

test('a whole stream comes out as it went in, without the mark', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (sent) => {
      assert.deepEqual(await crossed(sent), sent)
    }),
  )
})

test('a stream that breaks off anywhere is CANCELLED, never a shorter one', async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 6 }), async (sent, cut) => {
      await assert.rejects(crossed(sent, Math.min(cut, sent.length + 1)), { code: 'CANCELLED' })
    }),
  )
})

test('the messages before the break are read before it is told', async () => {
  const read: unknown[] = []
  await assert.rejects(
    async () => {
      for await (const message of whole(from([chunk(1), chunk(2)]), announced())) read.push(message)
    },
    { code: 'CANCELLED' },
  )
  assert.equal(read.length, 2)
})

test('a caller that knows no mark is believed', async () => {
  assert.deepEqual(await collect(whole(from([chunk(1)]), Metadata())), [chunk(1)])
})

test('nothing after the mark is read', async () => {
  const [mark] = await collect(marked(from([])))
  assert.deepEqual(await collect(whole(from([chunk(1), mark, chunk(2)]), announced())), [chunk(1)])
})

test('no message is taken for the mark, and the mark for no message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 }), (value) => {
      const bytes = DeliverRequest.encode({ part: { $case: 'chunk', value } }).finish()
      assert.deepEqual(wire.decode(bytes), DeliverRequest.decode(bytes))
    }),
  )
  assert.deepEqual(wire.decode(new Uint8Array()), DeliverRequest.fromPartial({}))
})

test('a server that knows no mark sees an empty message: an unknown field is skipped', async () => {
  const [mark] = await collect(marked(from([])))
  const bytes = wire.encode(wire.fromPartial(mark)).finish()
  assert.deepEqual(DeliverRequest.decode(bytes), DeliverRequest.fromPartial({}))
})

test('methods without a stream of requests are as they were', () => {
  const { ask, scatter } = withStreamEnds(ParcelDefinition).methods
  assert.equal(ask, ParcelDefinition.methods.ask)
  assert.equal(scatter, ParcelDefinition.methods.scatter)
})
