import type { CallContext } from 'nice-grpc'
import { RelaisError, retryable } from '../errors.ts'
import { Attempt } from './attempt.ts'
import type { Authenticate } from './authentication.ts'
import type { Context, Exchange, Method } from './definition.ts'
import { toServerError } from './grpc-status.ts'
import { CORRELATION, DEADLINE, statedIdentity, TRACEPARENT, textOf } from './metadata.ts'
import { copiesOf } from './ownership.ts'
import { whole } from './stream-end.ts'

/** A method of a server. */
export type Answering = {
  readonly method: Method
  readonly receive: Exchange<Context>
  readonly authenticate: Authenticate
}

/** What nice-grpc calls: makes the wire's call one of ours, and its failure the wire's. */
export const answering = (answer: Answering): Exchange<CallContext> =>
  answer.method.responseStream ? answerMany(answer) : answerOne(answer)

const answerOne =
  ({ method, receive, authenticate }: Answering) =>
  async (input: unknown, wire: CallContext): Promise<unknown> => {
    let attempt: Attempt | undefined
    try {
      attempt = await admit(authenticate, wire)
      const request = method.requestStream ? requests(input, attempt, wire) : input
      return await attempt.race(receive(request, contextOf(attempt, wire)) as Promise<unknown>)
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt?.close()
    }
  }

const answerMany = ({ method, receive, authenticate }: Answering) =>
  async function* (input: unknown, wire: CallContext): AsyncGenerator<unknown, void> {
    let attempt: Attempt | undefined
    try {
      attempt = await admit(authenticate, wire)
      const request = method.requestStream ? requests(input, attempt, wire) : input
      const answers = receive(request, contextOf(attempt, wire)) as AsyncIterable<unknown>
      yield* copiesOf(method.responseType, attempt.bound(answers))
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt?.close()
    }
  }

const requests = (input: unknown, attempt: Attempt, { metadata }: CallContext) =>
  attempt.bound(whole(input as AsyncIterable<unknown>, metadata))

const admit = async (authenticate: Authenticate, wire: CallContext): Promise<Attempt> => {
  const { metadata, signal, peer } = wire
  const known = await authenticate(metadata, peer)
  return new Attempt(
    {
      identity: known === 'trusted' ? statedIdentity(metadata) : known,
      timeoutMs: timeoutOf(textOf(metadata, DEADLINE)),
      correlation: textOf(metadata, CORRELATION),
      traceparent: textOf(metadata, TRACEPARENT),
    },
    signal,
  )
}

/** A peer that gave no timeout has the default one. */
const timeoutOf = (deadline: string | undefined): number | undefined =>
  Number.isFinite(Number(deadline)) ? Number(deadline) - Date.now() : undefined

const contextOf = (attempt: Attempt, wire: CallContext): Context => ({
  ...wire,
  signal: attempt.signal,
  identity: attempt.identity,
  deadline: attempt.deadline,
  correlation: attempt.correlation,
  traceparent: attempt.traceparent,
})

const refusal = (error: unknown, wire: CallContext) =>
  toServerError(
    error instanceof RelaisError ? error : retryable('INTERNAL', 'something unforeseen happened'),
    wire.trailer,
  )
