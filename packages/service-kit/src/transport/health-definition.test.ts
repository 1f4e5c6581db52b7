import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { service as Reference } from 'grpc-health-check'
import { HealthDefinition } from './health-definition.ts'

type Codec = {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly requestSerialize: (value: never) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => unknown
  readonly responseSerialize: (value: never) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => unknown
}

const methods = ['Check', 'List', 'Watch'] as const
const ours = HealthDefinition as unknown as Record<string, Codec>
const theirs = Reference as unknown as Record<string, Codec>

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

/** What either writes, both read alike. */
const agree = (method: string, side: 'request' | 'response', value: unknown) => {
  const [write, read] = [`${side}Serialize`, `${side}Deserialize`] as const
  for (const writer of [ours, theirs]) {
    const bytes = Buffer.from(writer[method]![write as 'requestSerialize'](value as never))
    for (const reader of [ours, theirs])
      assert.deepEqual(plain(reader[method]![read as 'requestDeserialize'](bytes)), plain(value))
  }
}

const name = fc.string({ unit: 'grapheme', maxLength: 40 })
const state = fc.record({
  status: fc.constantFrom('UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'),
})

describe('the health service on the wire is grpc.health.v1', () => {
  test('its calls have the paths and kinds of the reference', () => {
    for (const method of methods) {
      const { path, requestStream, responseStream } = theirs[method]!
      const our = ours[method]!
      assert.deepEqual(
        [our.path, our.requestStream, our.responseStream],
        [path, requestStream, responseStream],
      )
    }
    assert.deepEqual(Object.keys(HealthDefinition), [...methods])
  })

  test('requests are those of the reference', () => {
    fc.assert(
      fc.property(name, (service) => {
        agree('Check', 'request', { service })
        agree('Watch', 'request', { service })
      }),
    )
    agree('List', 'request', {})
  })

  test('states are those of the reference', () => {
    fc.assert(
      fc.property(state, (value) => {
        agree('Check', 'response', value)
        agree('Watch', 'response', value)
      }),
    )
  })

  test('the list of states is that of the reference', () => {
    const names = name.filter((text) => text !== '__proto__')
    fc.assert(fc.property(fc.dictionary(names, state), (statuses) => agree('List', 'response', { statuses })))
  })

  test('a state that is new to us is none that we know', () => {
    assert.deepEqual(ours.Check!.responseDeserialize(Buffer.from([0x08, 0x63])), { status: 'UNKNOWN' })
  })

  test('fields that are new to us are passed over', () => {
    const bytes = Buffer.from([0x12, 0x02, 0x68, 0x69, 0x18, 0x05, 0x0a, 0x01, 0x78])
    assert.deepEqual(ours.Check!.requestDeserialize(bytes), { service: 'x' })
  })

  test('bytes that are no message are an error or a message, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        for (const method of methods)
          for (const read of ['requestDeserialize', 'responseDeserialize'] as const)
            try {
              assert.equal(typeof ours[method]![read](Buffer.from(bytes)), 'object')
            } catch (error) {
              assert.ok(error instanceof Error)
            }
      }),
    )
  })
})
