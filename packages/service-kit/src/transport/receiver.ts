import { type CodedError, cancelled, isCoded, RelaisError, retryable, terminal } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import { describeError } from '../logging/redaction.ts'
import {
  type Context,
  type Exchange,
  type Exchanges,
  forEachMethod,
  type Implementation,
  type Method,
  type ServiceDefinition,
} from './definition.ts'
import { observed } from './observed.ts'
import { copyOf } from './ownership.ts'

/** A reason is for people and travels in a header: 8 KiB is the limit for all of them. */
const MAX_REASON = 500

/** The call that failed. */
export type FailedCall = {
  readonly method: Method
  readonly correlation: string
  readonly signal: AbortSignal
  readonly logger: Logger | undefined
}

/**
 * The handlers' side of both transports: the methods of an implementation, which fail with a {@link RelaisError} only.
 * What nobody foresaw becomes INTERNAL, and is in the log instead of in the answer.
 */
export const createReceiver = <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
  logger: Logger | undefined,
): Exchanges<Context> => {
  const handlers = implementation as unknown as Exchanges<Context>
  return forEachMethod(definition, (method, name) => {
    if (typeof handlers[name] !== 'function') throw missing(definition, name)
    const handler: Exchange<Context> = (input, context) => handlers[name]!(input, context)
    return observed(
      method,
      method.responseStream ? streaming(handler, method, logger) : single(handler, method, logger),
    )
  })
}

const missing = ({ name: service }: ServiceDefinition, method: string) =>
  terminal('UNIMPLEMENTED', `the implementation of ${service} has no method ${method}`)

const single =
  (handler: Exchange<Context>, method: Method, logger: Logger | undefined) =>
  async (input: unknown, context: Context): Promise<unknown> => {
    try {
      return given(method, await (handler(input, context) as Promise<unknown>))
    } catch (error) {
      throw explained(error, { ...facts(context), method, logger })
    }
  }

const streaming = (handler: Exchange<Context>, method: Method, logger: Logger | undefined) =>
  async function* (input: unknown, context: Context): AsyncGenerator<unknown, void> {
    try {
      for await (const answer of handler(input, context) as AsyncIterable<unknown>) {
        yield given(method, answer)
      }
    } catch (error) {
      throw explained(error, { ...facts(context), method, logger })
    }
  }

const facts = ({ correlation, signal }: Context) => ({ correlation, signal })

/** What a handler gave, whole and for its receiver alone. */
const given = ({ responseType }: Method, answer: unknown): unknown => {
  if (typeof answer !== 'object' || answer === null) throw new TypeError('the handler gave no message')
  return copyOf(responseType, answer)
}

/** The error that the caller is told, and the entry in the log for us. */
export const explained = (error: unknown, call: FailedCall): RelaisError => {
  if (isCoded(error)) return refused(error, call)
  if (call.signal.aborted && isAbort(error)) return asFailure(call.signal.reason)
  return unforeseen(error, call)
}

const refused = (error: CodedError, { method, correlation, logger }: FailedCall) => {
  logger?.debug({ method: method.path, correlation, code: error.code }, 'call refused')
  const { retryAfterSeconds } = error
  return new RelaisError(error.code, readable(error.message), error.retryable, {
    retryAfterSeconds,
  })
}

/** Cut between characters, without halves of them: gRPC can't encode those. */
const readable = (reason: string) => reason.slice(0, MAX_REASON).toWellFormed()

const unforeseen = (error: unknown, { method, correlation, logger }: FailedCall) => {
  logger?.error({ method: method.path, correlation, ...describeError(error) }, 'call failed')
  return retryable('INTERNAL', `something unforeseen happened: the log has it under ${correlation}`)
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

const asFailure = (reason: unknown) => (reason instanceof RelaisError ? reason : cancelled())
