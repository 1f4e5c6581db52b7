import { Metadata } from 'nice-grpc'
import type { CallExtras, Identity } from '../call.ts'
import type { Logger } from '../logging/logger.ts'
import { type Carrier, createCaller, type Outgoing } from './caller.ts'
import type {
  Context,
  Exchange,
  Implementation,
  Method,
  Options,
  ServiceClient,
  ServiceDefinition,
} from './definition.ts'
import { copyOf } from './ownership.ts'
import { createReceiver } from './receiver.ts'

export type LocalClientOptions = {
  /** Where failures that nobody foresaw are told. */
  readonly logger?: Logger
  /** Who calls, where a call doesn't say. */
  readonly identity?: Identity
  /** Milliseconds a call may take, where a call doesn't say; default 10,000. */
  readonly timeoutMs?: number
}

/**
 * A client that calls the implementation in the same process: nothing is serialised, and everything else is as over the
 * wire. Messages are copied (absent fields get their defaults), errors are {@link RelaisError}s with the same code, and
 * deadline, signal, identity and correlation are passed. One exception: the size of a message isn't bounded.
 */
export const createLocalClient = <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
  { logger, ...defaults }: LocalClientOptions = {},
): ServiceClient<Definition> => {
  const receiver = createReceiver(definition, implementation, logger)
  const carrier: Carrier = (method, name) => {
    const receive = receiver[name]!
    return method.responseStream ? carryMany(method, receive) : carryOne(method, receive)
  }
  return createCaller(definition, carrier, defaults satisfies CallExtras)
}

const carryOne =
  (method: Method, receive: Exchange<Context>) =>
  async (input: unknown, outgoing: Outgoing): Promise<unknown> => {
    const context = new LocalContext(outgoing)
    try {
      return await (receive(requestOf(method, input), context) as Promise<unknown>)
    } finally {
      context.end()
    }
  }

const carryMany = (method: Method, receive: Exchange<Context>) =>
  async function* (input: unknown, outgoing: Outgoing): AsyncGenerator<unknown, void> {
    const context = new LocalContext(outgoing)
    try {
      for await (const answer of receive(requestOf(method, input), context) as AsyncIterable<unknown>) {
        context.sendHeader()
        yield answer
      }
    } finally {
      context.end()
    }
  }

/** A stream of requests has been copied by the caller's side. */
const requestOf = ({ requestStream, requestType }: Method, input: unknown): unknown =>
  requestStream ? input : copyOf(requestType, input)

/** nice-grpc's context without a wire. Metadata is made when somebody looks at it: few handlers do. */
class LocalContext implements Context {
  readonly peer = 'local'
  readonly identity: Identity
  readonly deadline: number
  readonly correlation: string
  readonly traceparent: string
  readonly #attempt: Outgoing['attempt']
  readonly #options: Options
  #metadata: Metadata | undefined
  #header: Metadata | undefined
  #trailer: Metadata | undefined
  #headerSent = false

  constructor({ attempt, options }: Outgoing) {
    this.identity = attempt.identity
    this.deadline = attempt.deadline
    this.correlation = attempt.correlation
    this.traceparent = attempt.traceparent
    this.#attempt = attempt
    this.#options = options
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get metadata(): Metadata {
    this.#metadata ??= Metadata(this.#options.metadata)
    return this.#metadata
  }

  get header(): Metadata {
    this.#header ??= Metadata()
    return this.#header
  }

  get trailer(): Metadata {
    this.#trailer ??= Metadata()
    return this.#trailer
  }

  sendHeader(): void {
    if (!this.#headerSent) this.#options.onHeader?.(this.header)
    this.#headerSent = true
  }

  end(): void {
    this.sendHeader()
    this.#options.onTrailer?.(this.trailer)
  }
}
