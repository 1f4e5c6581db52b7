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

/** A reason is for people and travels in a header: 8 KiB is the limit for all of them. */
const MAX_REASON = 500

type Receipt = { readonly method: Method; readonly context: Context; readonly logger: Logger | undefined }

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
    return method.responseStream ? streaming(handler, method, logger) : single(handler, method, logger)
  })
}

const missing = ({ name: service }: ServiceDefinition, method: string) =>
  terminal('UNIMPLEMENTED', `the implementation of ${service} has no method ${method}`)

const single =
  (handler: Exchange<Context>, method: Method, logger: Logger | undefined) =>
  async (input: unknown, context: Context): Promise<unknown> => {
    try {
      return present(await (handler(input, context) as Promise<unknown>))
    } catch (error) {
      throw toRelaisError(error, { method, context, logger })
    }
  }

const streaming = (handler: Exchange<Context>, method: Method, logger: Logger | undefined) =>
  async function* (input: unknown, context: Context): AsyncGenerator<unknown, void> {
    try {
      for await (const answer of handler(input, context) as AsyncIterable<unknown>) {
        yield present(answer)
      }
    } catch (error) {
      throw toRelaisError(error, { method, context, logger })
    }
  }

const present = (answer: unknown): unknown => {
  if (typeof answer !== 'object' || answer === null) throw new TypeError('the handler gave no message')
  return answer
}

const toRelaisError = (error: unknown, receipt: Receipt): RelaisError => {
  const { signal } = receipt.context
  if (isCoded(error)) return refused(error, receipt)
  if (signal.aborted && isAbort(error)) return asFailure(signal.reason)
  return unforeseen(error, receipt)
}

const refused = (error: CodedError, { method, context, logger }: Receipt) => {
  logger?.debug({ method: method.path, correlation: context.correlation, code: error.code }, 'call refused')
  const { retryAfterSeconds } = error
  return new RelaisError(error.code, readable(error.message), error.retryable, {
    retryAfterSeconds,
  })
}

/** Cut between characters, without halves of them: gRPC can't encode those. */
const readable = (reason: string) => reason.slice(0, MAX_REASON).toWellFormed()

const unforeseen = (error: unknown, { method, context, logger }: Receipt) => {
  const { correlation } = context
  logger?.error({ method: method.path, correlation, ...describeError(error) }, 'call failed')
  return retryable('INTERNAL', `something unforeseen happened: the log has it under ${correlation}`)
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

const asFailure = (reason: unknown) => (reason instanceof RelaisError ? reason : cancelled())
