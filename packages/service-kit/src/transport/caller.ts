import type { CallExtras } from '../call.ts'
import { cancelled, isCoded, RelaisError, retryable } from '../errors.ts'
import { activeTraceparent } from '../telemetry/spans.ts'
import { Attempt } from './attempt.ts'
import {
  forEachMethod,
  type Method,
  type Options,
  type ServiceClient,
  type ServiceDefinition,
} from './definition.ts'
import { copiesOf } from './ownership.ts'

/** What a carrier needs to bring a request over. */
export type Outgoing = { readonly attempt: Attempt; readonly options: Options }

/** Brings a request to the handler and the answer back; one of its failures may be the attempt's. */
export type Carrier = (
  method: Method,
  name: string,
) => (input: unknown, outgoing: Outgoing) => Promise<unknown> | AsyncIterable<unknown>

/** The callers' side of both transports: gives every call identity, deadline and signal, and lets it fail with a RelaisError only. */
export const createCaller = <Definition extends ServiceDefinition>(
  definition: Definition,
  carrier: Carrier,
  defaults: CallExtras,
): ServiceClient<Definition> =>
  forEachMethod(definition, (method, name) => {
    const send = carrier(method, name)
    return method.responseStream ? streaming(method, send, defaults) : single(method, send, defaults)
  }) as unknown as ServiceClient<Definition>

type Send = ReturnType<Carrier>

/** An option that is undefined was not said. Without a traceparent it is part of what is being done. */
const begin = (defaults: CallExtras, { signal, ...options }: Options) =>
  new Attempt(
    {
      identity: options.identity ?? defaults.identity,
      timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
      correlation: options.correlation ?? defaults.correlation,
      traceparent: options.traceparent || defaults.traceparent || activeTraceparent(),
    },
    signal,
  )

const single =
  (method: Method, send: Send, defaults: CallExtras) =>
  async (input: unknown, options: Options = {}): Promise<unknown> => {
    const attempt = begin(defaults, options)
    try {
      if (attempt.failure !== undefined) throw attempt.failure
      return await attempt.race(
        send(request(method, input, attempt), { attempt, options }) as Promise<unknown>,
      )
    } catch (error) {
      throw failure(error, attempt)
    } finally {
      attempt.close()
    }
  }

const streaming = (method: Method, send: Send, defaults: CallExtras) =>
  async function* (input: unknown, options: Options = {}): AsyncGenerator<unknown, void> {
    const attempt = begin(defaults, options)
    try {
      if (attempt.failure !== undefined) throw attempt.failure
      const answers = send(request(method, input, attempt), { attempt, options }) as AsyncIterable<unknown>
      yield* attempt.bound(answers, () => attempt.fail(cancelled()))
    } catch (error) {
      throw failure(error, attempt)
    } finally {
      attempt.close()
    }
  }

/** The request as it is sent; an error of the caller's own stream ends the attempt and comes back to the caller unchanged. */
const request = (method: Method, input: unknown, attempt: Attempt): unknown =>
  method.requestStream ? watched(method, input as AsyncIterable<unknown>, attempt) : input

async function* watched(
  { requestType }: Method,
  messages: AsyncIterable<unknown>,
  attempt: Attempt,
): AsyncGenerator<unknown, void> {
  try {
    yield* attempt.bound(copiesOf(requestType, messages))
  } catch (error) {
    attempt.fail(cancelled(), error)
    throw error
  }
}

const failure = (error: unknown, attempt: Attempt): unknown => {
  if (attempt.failure !== undefined) return attempt.failure
  if (error instanceof RelaisError) return error
  if (isCoded(error)) return new RelaisError(error.code, error.message, error.retryable, { cause: error })
  return retryable('INTERNAL', "the call couldn't be made", { cause: error })
}
