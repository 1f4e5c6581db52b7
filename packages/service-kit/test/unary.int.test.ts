import assert from 'node:assert/strict'
import test from 'node:test'
import { Account, SignInRequest } from '@relais/proto/directory/v1/directory.ts'
import { type Context, onward, RelaisError, retryable, terminal } from '@relais/service-kit'
import { forBothTransports } from '@relais/testing'
import fc from 'fast-check'
import { Metadata } from 'nice-grpc'
import { latch, ParcelDefinition, parcel } from './parcel-service.ts'
import { recordingLogger } from './recording-logger.ts'

const identity = {
  tenant: 'acme',
  actor: { kind: 'device', id: 'u_1', device: 'd_1' },
  principal: 'u_1',
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** A call's context as a handler sees it, once it has been called. */
const seenBy = () => {
  const seen = latch<Context>()
  const service = parcel({
    ask: async (_request, context) => {
      seen.resolve(context)
      return {}
    },
  })
  return { seen: seen.promise, service }
}

const failingWith = (error: unknown) =>
  parcel({
    ask: async () => {
      throw error
    },
  })

const neverAnswering = () => {
  const called = latch<Context>()
  const service = parcel({
    ask: (_request, context) => {
      called.resolve(context)
      return new Promise(() => {})
    },
  })
  return { called: called.promise, service }
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason))
  })

forBothTransports(ParcelDefinition, parcel({ echo: async (request) => request }), (transport) => {
  test('absent fields have their defaults on both sides', async () => {
    let received: SignInRequest | undefined
    const client = await transport.connect(
      parcel({
        ask: async (request) => {
          received = request
          return { tenant: 'acme' }
        },
      }),
    )
    const answer = await client.ask({ login: 'mike' })
    assert.deepEqual({ ...received }, { ...SignInRequest.fromPartial({ login: 'mike' }) })
    assert.deepEqual(answer, Account.fromPartial({ tenant: 'acme' }))
  })

  test('any message arrives as it was sent', async () => {
    const text = fc.string({ unit: 'grapheme' })
    const account = fc.record({
      tenant: text,
      aliases: fc.array(text, { maxLength: 5 }),
      quotaBytes: fc.maxSafeNat(),
      lastSignIn: fc.maxSafeInteger(),
      attributes: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text, { noNullPrototype: true }),
    })
    await fc.assert(
      fc.asyncProperty(account, async (sent) => {
        assert.deepEqual(await transport.client.echo(sent), Account.fromPartial(sent))
      }),
      { numRuns: 100 },
    )
  })

  test('neither side sees what the other does to its message later', async () => {
    const kept: Account[] = []
    const client = await transport.connect(
      parcel({
        echo: async (request) => {
          kept.push(request)
          return request
        },
      }),
    )
    const sent = { aliases: ['one'], attributes: { room: '1' } }
    const answer = await client.echo(sent)
    sent.aliases.push('two')
    answer.aliases.push('three')
    answer.attributes.room = '3'
    assert.deepEqual(kept[0]?.aliases, ['one'])
    assert.deepEqual({ ...kept[0]?.attributes }, { room: '1' })
  })

  test('an error keeps code, reason, whether and when to try again', async () => {
    const client = await transport.connect(
      failingWith(retryable('OVERLOADED', 'too many at once', { retryAfterSeconds: 7 })),
    )
    await assert.rejects(client.ask({}), (error) => {
      assert.ok(error instanceof RelaisError)
      const { code, message, retryable, retryAfterSeconds } = error
      assert.deepEqual(
        { code, message, retryable, retryAfterSeconds },
        { code: 'OVERLOADED', message: 'too many at once', retryable: true, retryAfterSeconds: 7 },
      )
      return true
    })
  })

  test('a terminal error stays terminal, also when its code is in no table', async () => {
    const client = await transport.connect(failingWith(terminal('OF_A_LATER_VERSION', 'Zoë ist gesperrt')))
    await assert.rejects(client.ask({}), {
      code: 'OF_A_LATER_VERSION',
      message: 'Zoë ist gesperrt',
      retryable: false,
      retryAfterSeconds: undefined,
    })
  })

  test("a port's error that has code and retryable keeps them, and nothing else of it is told", async () => {
    class ConflictError extends Error {
      readonly code = 'CONFLICT'
      readonly retryable = true
      readonly head = 17
    }
    const client = await transport.connect(failingWith(new ConflictError("the stream's head is 17")))
    await assert.rejects(client.ask({}), (error) => {
      assert.ok(error instanceof RelaisError)
      assert.equal(error.code, 'CONFLICT')
      assert.equal(error.retryable, true)
      assert.equal('head' in error, false)
      return true
    })
  })

  test('a reason is cut, so that an answer fits into a header', async () => {
    const client = await transport.connect(failingWith(terminal('NOT_FOUND', 'é'.repeat(20_000))))
    await assert.rejects(client.ask({}), { code: 'NOT_FOUND', message: 'é'.repeat(500) })
  })

  for (const [what, error] of [
    ['an error of Node', Object.assign(new Error('open /var/secret failed'), { code: 'EACCES' })],
    ['a broken handler', new TypeError("can't read secret of undefined")],
    ['a string', 'secret'],
    ['nothing at all', undefined],
  ] as const) {
    test(`what nobody foresaw (${what}) is INTERNAL and tells the caller no more than where to look`, async () => {
      const { logger, entries } = recordingLogger()
      const client = await transport.connect(failingWith(error), logger)
      await assert.rejects(client.ask({}, { correlation: 'c-1' }), (told) => {
        assert.ok(told instanceof RelaisError)
        assert.equal(told.code, 'INTERNAL')
        assert.equal(told.retryable, true)
        assert.match(told.message, /c-1/)
        assert.doesNotMatch(told.message + String(told.cause), /secret/)
        return true
      })
      const [entry] = entries()
      assert.equal(entry?.level, 'error')
      assert.equal(entry?.correlation, 'c-1')
      assert.equal(entry?.method, '/relais.test.v1.Parcel/Ask')
    })
  }

  test('a handler that gives no message is a defect, told as INTERNAL', async () => {
    const client = await transport.connect(parcel({ ask: async () => undefined as never }))
    await assert.rejects(client.ask({}), { code: 'INTERNAL' })
  })

  test('a handler that throws before it returns a promise is no different', async () => {
    const client = await transport.connect(
      parcel({
        ask: () => {
          throw terminal('NOT_FOUND', 'no such account')
        },
      }),
    )
    await assert.rejects(client.ask({}), { code: 'NOT_FOUND' })
  })

  test('every call has a deadline: 10 seconds when the caller says nothing', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    const before = Date.now()
    await client.ask({})
    const { deadline } = await seen
    assert.ok(deadline >= before + 9_900 && deadline <= Date.now() + 10_000, `${deadline - before} ms`)
  })

  test('the handler sees the deadline that the caller set', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    const before = Date.now()
    await client.ask({}, { timeoutMs: 3_600_000 })
    const { deadline } = await seen
    assert.ok(deadline > before + 3_590_000 && deadline <= Date.now() + 3_600_000)
  })

  test('past the deadline the caller is told so, even if the handler never ends', async () => {
    let seen: AbortSignal | undefined
    const client = await transport.connect(
      parcel({
        ask: (_request, { signal }) => {
          seen = signal
          return new Promise(() => {})
        },
      }),
    )
    // On a busy machine a short time-out may be over before the handler is reached.
    for (let timeoutMs = 30; seen === undefined; timeoutMs *= 2) {
      await assert.rejects(client.ask({}, { timeoutMs }), { code: 'DEADLINE_EXCEEDED', retryable: true })
    }
    const reason = await aborted(seen)
    assert.ok(reason instanceof RelaisError)
  })

  for (const timeoutMs of [0, -5, Number.NaN]) {
    test(`a time-out of ${timeoutMs} is over before the handler is called`, async () => {
      const client = await transport.connect(parcel({}))
      await assert.rejects(client.ask({}, { timeoutMs }), { code: 'DEADLINE_EXCEEDED' })
    })
  }

  test('a time-out longer than timers reach is a long one, not an instant one', async () => {
    const { service } = seenBy()
    const client = await transport.connect(service)
    assert.deepEqual(await client.ask({}, { timeoutMs: Number.MAX_SAFE_INTEGER }), Account.fromPartial({}))
  })

  test('a caller that gives up is told CANCELLED, and the handler sees it', async () => {
    const { called, service } = neverAnswering()
    const client = await transport.connect(service)
    const controller = new AbortController()
    const answer = client.ask({}, { signal: controller.signal })
    const { signal } = await called
    controller.abort()
    await assert.rejects(answer, { code: 'CANCELLED', retryable: true })
    const reason = await aborted(signal)
    assert.ok(reason instanceof RelaisError)
    assert.equal(reason.code, 'CANCELLED')
  })

  test('a handler that throws the reason of its signal has told the truth', async () => {
    const { logger, entries } = recordingLogger()
    let ended = false
    const client = await transport.connect(
      parcel({
        ask: async (_request, { signal }) => {
          await aborted(signal)
          ended = true
          signal.throwIfAborted()
          return {}
        },
      }),
      logger,
    )
    for (let timeoutMs = 30; !ended; timeoutMs *= 2) {
      await assert.rejects(client.ask({}, { timeoutMs }), { code: 'DEADLINE_EXCEEDED' })
    }
    assert.deepEqual(entries(), [])
  })

  test('with a signal that is aborted already the handler is not called', async () => {
    const client = await transport.connect(parcel({}))
    await assert.rejects(client.ask({}, { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  })

  test('after the answer nothing of the call is left on the signal of the caller', async () => {
    const { service } = seenBy()
    const client = await transport.connect(service)
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    await client.ask({}, { signal })
    assert.equal(listeners, 0)
  })

  test('identity, correlation and traceparent reach the handler', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    await client.ask({}, { identity, correlation: 'req-7', traceparent: TRACE })
    const context = await seen
    assert.deepEqual(context.identity, identity)
    assert.equal(context.correlation, 'req-7')
    assert.equal(context.traceparent, TRACE)
  })

  test('a call without an identity is nobody: no tenant, no operator', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    await client.ask({})
    assert.deepEqual((await seen).identity, {
      tenant: '',
      actor: { kind: '', id: '', device: '' },
      principal: '',
    })
  })

  test('an option that is undefined was not said: the default of the client stands', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    await client.ask({}, { identity: undefined, timeoutMs: undefined, correlation: undefined })
    const { correlation, deadline } = await seen
    assert.match(correlation, /^[0-9a-f-]{36}$/)
    assert.ok(deadline > Date.now())
  })

  test('a handler that gives what is no message of its type is a defect, told as INTERNAL and logged', async () => {
    const { logger, entries } = recordingLogger()
    const client = await transport.connect(parcel({ ask: async () => ({ aliases: 7 }) as never }), logger)
    await assert.rejects(client.ask({}), { code: 'INTERNAL' })
    assert.equal(entries().length, 1)
  })

  test('a call without a correlation id gets one of its own', async () => {
    const { seen, service } = seenBy()
    const client = await transport.connect(service)
    await client.ask({})
    assert.match((await seen).correlation, /^[0-9a-f-]{36}$/)
  })

  for (const hostile of ['line\nbreak', 'x'.repeat(65), '', 'žluťoučký', '"},{"level":"error"']) {
    test(`a correlation id like ${JSON.stringify(hostile).slice(0, 20)} is replaced`, async () => {
      const { seen, service } = seenBy()
      const client = await transport.connect(service)
      await client.ask({}, { correlation: hostile, traceparent: hostile })
      const context = await seen
      assert.match(context.correlation, /^[0-9a-f-]{36}$/)
      assert.equal(context.traceparent, '')
    })
  }

  test('a call made while answering carries identity, correlation and what is left of the time', async () => {
    const { seen, service } = seenBy()
    const inner = await transport.connect(service)
    const outer = await transport.connect(
      parcel({ ask: (_request, context) => inner.ask({}, onward(context)) }),
    )
    await outer.ask({}, { identity, correlation: 'req-8', traceparent: TRACE, timeoutMs: 5_000 })
    const context = await seen
    assert.deepEqual(context.identity, identity)
    assert.equal(context.correlation, 'req-8')
    assert.equal(context.traceparent, TRACE)
    assert.ok(context.deadline <= Date.now() + 5_000)
  })

  test('metadata of the caller reaches the handler, header and trailer come back', async () => {
    const client = await transport.connect(
      parcel({
        ask: async (_request, { metadata, header, trailer }) => {
          header.set('x-seen', String(metadata.get('x-asked')))
          trailer.set('x-last', 'yes')
          return {}
        },
      }),
    )
    const told: unknown[] = []
    await client.ask(
      {},
      {
        metadata: Metadata({ 'x-asked': 'hello' }),
        onHeader: (header) => told.push(header.get('x-seen')),
        onTrailer: (trailer) => told.push(trailer.get('x-last')),
      },
    )
    assert.deepEqual(told, ['hello', 'yes'])
  })

  test('many calls at once do not mix', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => transport.client.echo({ account: `u_${index}` })),
    )
    assert.deepEqual(
      answers.map(({ account }) => account),
      Array.from({ length: 200 }, (_, index) => `u_${index}`),
    )
  })
})
