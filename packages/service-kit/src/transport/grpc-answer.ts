import type { CallContext } from 'nice-grpc'
import type { Identity } from '../call.ts'
import { RelaisError, retryable } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import { Attempt } from './attempt.ts'
import type { Authenticate } from './authentication.ts'
import type { Context, Exchange, Method } from './definition.ts'
import { toServerError } from './grpc-status.ts'
import { CORRELATION, DEADLINE, statedIdentity, TRACEPARENT, textOf } from './metadata.ts'
import { explained } from './receiver.ts'
import { whole } from './stream-end.ts'

/** A method of a server. */
export type Answering = {
  readonly method: Method
  readonly receive: Exchange<Context>
  readonly authenticate: Authenticate
  readonly logger: Logger | undefined
}

/** What nice-grpc calls: makes the wire's call one of ours, and its failure the wire's. */
export const answering = (answer: Answering): Exchange<CallContext> =>
  answer.method.responseStream ? answerMany(answer) : answerOne(answer)

const answerOne =
  (answer: Answering) =>
  async (input: unknown, wire: CallContext): Promise<unknown> => {
    const attempt = attemptOf(wire)
    try {
      const admitted = await admit(answer, attempt, wire)
      return await attempt.race(receive(answer, input, admitted) as Promise<unknown>)
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt.close()
    }
  }

const answerMany = (answer: Answering) =>
  async function* (input: unknown, wire: CallContext): AsyncGenerator<unknown, void> {
    const attempt = attemptOf(wire)
    try {
      const admitted = await admit(answer, attempt, wire)
      yield* attempt.bound(receive(answer, input, admitted) as AsyncIterable<unknown>)
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt.close()
    }
  }

const receive = ({ method, receive }: Answering, input: unknown, { attempt, context }: Admitted) =>
  receive(
    method.requestStream ? attempt.bound(whole(input as AsyncIterable<unknown>, context.metadata)) : input,
    context,
  )

const attemptOf = ({ metadata, signal }: CallContext): Attempt =>
  new Attempt(
    {
      timeoutMs: timeoutOf(textOf(metadata, DEADLINE)),
      correlation: textOf(metadata, CORRELATION),
      traceparent: textOf(metadata, TRACEPARENT),
    },
    signal,
  )

/** A peer that gave no timeout has the default one. */
const timeoutOf = (deadline: string | undefined): number | undefined =>
  Number.isFinite(Number(deadline)) ? Number(deadline) - Date.now() : undefined

type Admitted = { readonly attempt: Attempt; readonly context: Context }

/** Who calls is known before anything else happens, or the call fails. */
const admit = async (answer: Answering, attempt: Attempt, wire: CallContext): Promise<Admitted> => {
  const { correlation, deadline, traceparent, signal } = attempt
  try {
    const identity = await attempt.race(identify(answer.authenticate, wire))
    return { attempt, context: { ...wire, signal, identity, deadline, correlation, traceparent } }
  } catch (error) {
    throw explained(error, { method: answer.method, correlation, signal, logger: answer.logger })
  }
}

const identify = async (authenticate: Authenticate, { metadata, peer }: CallContext): Promise<Identity> => {
  const known = await authenticate(metadata, peer)
  return known === 'trusted' ? statedIdentity(metadata) : known
}

const refusal = (error: unknown, wire: CallContext) =>
  toServerError(
    error instanceof RelaisError ? error : retryable('INTERNAL', 'something unforeseen happened'),
    wire.trailer,
  )
