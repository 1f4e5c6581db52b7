import assert from 'node:assert/strict'
import test from 'node:test'
import { RelaisError, terminal } from '@relais/service-kit'
import { forBothTransports } from '@relais/testing'
import fc from 'fast-check'
import { bytes, chunk, chunkOf, latch, type Parcel, ParcelDefinition, parcel } from './parcel-service.ts'
import { recordingLogger } from './recording-logger.ts'

async function* chunks(...values: number[]) {
  for (const value of values) yield chunk(value)
}

const collect = async <T>(messages: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = []
  for await (const message of messages) collected.push(message)
  return collected
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason))
  })

/** What a handler that reads its whole stream saw, whether the stream ended or broke off. */
const readingService = () => {
  const first = latch()
  const outcome = latch<{ read: number[]; error: unknown }>()
  const gather: Parcel['gather'] = async (request) => {
    const read: number[] = []
    try {
      for await (const message of request) {
        read.push(...chunkOf(message))
        first.resolve()
      }
      outcome.resolve({ read, error: undefined })
      return { quotaBytes: read.length }
    } catch (error) {
      outcome.resolve({ read, error })
      throw error
    }
  }
  return { service: parcel({ gather }), first: first.promise, outcome: outcome.promise }
}

/** Sends one message and then nothing more until it is told to. */
const stalling = () => {
  const end = latch()
  async function* messages() {
    yield chunk(1)
    await end.promise
  }
  return { messages: messages(), end: end.resolve, fail: end.reject }
}

const counting: Parcel = parcel({
  gather: async (request) => ({ quotaBytes: (await collect(request)).flatMap(chunkOf).length }),
  async *scatter(request) {
    for (let index = 0; index < Number(request.login); index += 1) yield chunk(index % 256)
  },
  async *converse(request) {
    for await (const message of request) yield chunk(...chunkOf(message).map((value) => value + 1))
  },
})

forBothTransports(ParcelDefinition, counting, (transport) => {
  test('a stream of requests arrives in order and whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 50 }), async (sent) => {
        async function* messages() {
          for (const value of sent) yield { part: { $case: 'chunk' as const, value } }
        }
        const { service, outcome } = readingService()
        const client = await transport.connect(service)
        await client.gather(messages())
        assert.deepEqual(
          (await outcome).read,
          sent.flatMap((value) => [...value]),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('an empty stream of requests is answered', async () => {
    assert.equal((await transport.client.gather(chunks())).quotaBytes, 0)
  })

  test('a buffer that the caller fills again afterwards has been sent as it was', async () => {
    const { service, outcome } = readingService()
    const client = await transport.connect(service)
    const buffer = bytes(1, 1)
    async function* messages() {
      yield { part: { $case: 'chunk' as const, value: buffer } }
      buffer.fill(2)
      yield { part: { $case: 'chunk' as const, value: buffer } }
      buffer.fill(3)
    }
    await client.gather(messages())
    assert.deepEqual((await outcome).read, [1, 1, 2, 2])
  })

  test("an error of the caller's own stream comes back to the caller as it is, and the handler never takes the part for the whole", async () => {
    const { service, first, outcome } = readingService()
    const client = await transport.connect(service)
    const { messages, fail } = stalling()
    const answer = client.gather(messages)
    await first
    const own = new Error('the file is gone')
    fail(own)
    await assert.rejects(answer, (error) => error === own)
    const { error } = await outcome
    assert.ok(error instanceof Error)
  })

  test('a caller that gives up in the middle: the handler never takes the part for the whole', async () => {
    const { service, first, outcome } = readingService()
    const client = await transport.connect(service)
    const controller = new AbortController()
    const { messages, end } = stalling()
    const answer = client.gather(messages, { signal: controller.signal })
    await first
    controller.abort()
    await assert.rejects(answer, { code: 'CANCELLED' })
    const { read, error } = await outcome
    end()
    assert.deepEqual(read, [1])
    assert.ok(error instanceof Error)
  })

  test('past the deadline in the middle: the handler never takes the part for the whole', async () => {
    const { logger, entries } = recordingLogger()
    const { service, outcome } = readingService()
    const client = await transport.connect(service, logger)
    const { messages, end } = stalling()
    await assert.rejects(client.gather(messages, { timeoutMs: 500 }), { code: 'DEADLINE_EXCEEDED' })
    const { error } = await outcome
    end()
    assert.ok(error instanceof Error)
    assert.deepEqual(entries(), [])
  })

  test('a handler may answer before it has read everything, and the caller may stop sending', async () => {
    const client = await transport.connect(
      parcel({
        gather: async (request) => {
          for await (const message of request) return { quotaBytes: chunkOf(message)[0] }
          return {}
        },
      }),
    )
    const { messages, end } = stalling()
    assert.equal((await client.gather(messages)).quotaBytes, 1)
    end()
  })

  test('a handler may refuse in the middle of a stream', async () => {
    const client = await transport.connect(
      parcel({
        gather: async (request) => {
          for await (const _ of request) throw terminal('PERMISSION_DENIED', 'enough')
          return {}
        },
      }),
    )
    await assert.rejects(client.gather(chunks(1, 2, 3)), { code: 'PERMISSION_DENIED', retryable: false })
  })

  test('a stream of answers arrives in order and whole', async () => {
    const answers = await collect(transport.client.scatter({ login: '1000' }))
    assert.deepEqual(
      answers.flatMap(chunkOf),
      Array.from({ length: 1000 }, (_, index) => index % 256),
    )
  })

  test('an empty stream of answers ends', async () => {
    assert.deepEqual(await collect(transport.client.scatter({ login: '0' })), [])
  })

  test('a megabyte in chunks of 64 KiB arrives as it was sent', async () => {
    const piece = Uint8Array.from({ length: 65_536 }, (_, index) => index % 251)
    const client = await transport.connect(
      parcel({
        async *scatter() {
          for (let count = 0; count < 16; count += 1) yield { part: { $case: 'chunk', value: piece } }
        },
      }),
    )
    const answers = await collect(client.scatter({}))
    assert.equal(answers.length, 16)
    for (const { part } of answers) assert.ok(Buffer.from(piece).equals(part?.value as Uint8Array))
  })

  test('an error after some answers comes after them', async () => {
    const client = await transport.connect(
      parcel({
        async *scatter() {
          yield chunk(1)
          yield chunk(2)
          throw terminal('BLOB_DAMAGED', 'the content differs')
        },
      }),
    )
    const read: number[] = []
    await assert.rejects(
      async () => {
        for await (const answer of client.scatter({})) read.push(...chunkOf(answer))
      },
      { code: 'BLOB_DAMAGED', message: 'the content differs', retryable: false },
    )
    assert.deepEqual(read, [1, 2])
  })

  test('what nobody foresaw in the middle of a stream is INTERNAL and logged once', async () => {
    const { logger, entries } = recordingLogger()
    const client = await transport.connect(
      parcel({
        async *scatter() {
          yield chunk(1)
          throw new TypeError('secret')
        },
      }),
      logger,
    )
    await assert.rejects(collect(client.scatter({})), (error) => {
      assert.ok(error instanceof RelaisError)
      assert.equal(error.code, 'INTERNAL')
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
    assert.equal(entries().length, 1)
  })

  test('a caller that stops reading ends the handler: its signal says CANCELLED and its cleaning up runs', async () => {
    const cleaned = latch()
    const signal = latch<AbortSignal>()
    const client = await transport.connect(
      parcel({
        async *scatter(_request, context) {
          signal.resolve(context.signal)
          try {
            for (let count = 0; ; count += 1) yield chunk(count % 256)
          } finally {
            cleaned.resolve()
          }
        },
      }),
    )
    for await (const _ of client.scatter({})) break
    const reason = await aborted(await signal.promise)
    assert.ok(reason instanceof RelaisError)
    assert.equal(reason.code, 'CANCELLED')
    await cleaned.promise
  })

  test('past the deadline a stream of answers ends, even if the handler is silent', async () => {
    const client = await transport.connect(
      parcel({
        async *scatter() {
          yield chunk(1)
          await new Promise(() => {})
        },
      }),
    )
    await assert.rejects(collect(client.scatter({}, { timeoutMs: 300 })), { code: 'DEADLINE_EXCEEDED' })
  })

  test('a caller that gives up while it waits for an answer is told CANCELLED', async () => {
    const client = await transport.connect(
      parcel({
        async *scatter() {
          yield chunk(1)
          await new Promise(() => {})
        },
      }),
    )
    const controller = new AbortController()
    await assert.rejects(
      async () => {
        for await (const _ of client.scatter({}, { signal: controller.signal })) controller.abort()
      },
      { code: 'CANCELLED' },
    )
  })

  test('with a signal that is aborted already no stream begins', async () => {
    const client = await transport.connect(parcel({}))
    await assert.rejects(collect(client.scatter({}, { signal: AbortSignal.abort() })), { code: 'CANCELLED' })
  })

  test('in a conversation every answer may depend on what was sent last', async () => {
    const answered: number[] = []
    const turns = [latch(), latch(), latch()]
    async function* messages() {
      for (const [index, turn] of turns.entries()) {
        yield chunk(index * 10)
        await turn.promise
      }
    }
    for await (const answer of transport.client.converse(messages())) {
      turns[answered.length]?.resolve()
      answered.push(...chunkOf(answer))
    }
    assert.deepEqual(answered, [1, 11, 21])
  })

  test("an error of the caller's stream ends a conversation with that error", async () => {
    const own = new Error('cable cut')
    async function* messages() {
      yield chunk(1)
      throw own
    }
    await assert.rejects(collect(transport.client.converse(messages())), (error) => error === own)
  })

  test('identity and correlation reach the handler of a stream', async () => {
    const seen = latch<string>()
    const client = await transport.connect(
      parcel({
        async *scatter(_request, { identity, correlation }) {
          seen.resolve(`${identity.tenant} ${correlation}`)
          yield chunk(1)
        },
      }),
    )
    const identity = { tenant: 'acme', actor: { kind: 'service', id: 'x', device: '' }, principal: '' }
    await collect(client.scatter({}, { identity, correlation: 'c-9' }))
    assert.equal(await seen.promise, 'acme c-9')
  })
})
