import { type RelaisError, retryable } from '@relais/service-kit/errors.ts'
import { stubMessage } from '../parsed-message.ts'
import type { Loss, ParserThread } from './parser-thread.ts'
import type { Parsed, Reply } from './protocol.ts'

/** Bytes on their way to the thread before the writer has to wait. */
const MAX_IN_FLIGHT = 512 * 1024

const lost = (reason: string): RelaisError =>
  retryable('MIME_PARSER_LOST', `another message took the parser down: ${reason}`)

/** One message that is parsed in a thread. */
export class ThreadedJob {
  readonly #thread: ParserThread
  readonly #id: number
  /** Of the thread that has the beginning of the message. */
  readonly #generation: number
  #size = 0
  #inFlight = 0
  #defect: string | null = null
  #error: RelaisError | null = null
  #wake: (() => void) | null = null

  constructor(thread: ParserThread, id: number) {
    this.#thread = thread
    this.#id = id
    this.#generation = thread.generation
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#notice()
    if (this.#error) throw this.#error
    this.#size += chunk.length
    if (this.#defect !== null) return undefined
    // A copy: the chunk is its writer's, and may be going into the blob store at the same time.
    const bytes = new Uint8Array(chunk)
    this.#inFlight += bytes.length
    this.#thread.ask(
      { type: 'chunk', job: this.#id, bytes },
      this.#handler(bytes.length, () => undefined),
    )
    return this.#inFlight > MAX_IN_FLIGHT ? this.#room() : undefined
  }

  end(): Promise<Parsed> {
    this.#notice()
    return new Promise((resolve, reject) => {
      const settle = (parsed: Parsed | null): void => {
        if (this.#error) reject(this.#error)
        else resolve(parsed ?? this.#stub())
      }
      if (this.#error || this.#defect !== null) settle(null)
      else this.#thread.ask({ type: 'end', job: this.#id }, this.#handler(0, settle))
    })
  }

  /** A thread that was lost between two chunks has told nobody: the next one doesn't know the beginning. */
  #notice(): void {
    const isLost = this.#thread.generation !== this.#generation
    if (isLost && this.#defect === null) this.#error ??= lost('a thread was lost')
  }

  abort(): void {
    this.#error = retryable('MIME_ABORTED', 'the message was given up')
    this.#thread.drop(this.#id)
    this.#wake?.()
  }

  #stub(): Parsed {
    return { message: stubMessage(this.#size, this.#defect ?? ''), searchText: new Uint8Array(0) }
  }

  #handler(length: number, settle: (parsed: Parsed | null) => void) {
    const done = (parsed: Parsed | null): void => {
      this.#inFlight -= length
      settle(parsed)
      if (this.#inFlight <= MAX_IN_FLIGHT || this.#error || this.#defect !== null) this.#wake?.()
    }
    const onReply = (reply: Reply): void => {
      if (reply.type === 'defect') this.#defect ??= reply.defect
      done(reply.type === 'parsed' ? reply.parsed : null)
    }
    const onLoss = ({ culprit, reason }: Loss): void => {
      if (culprit) this.#defect ??= reason
      else if (this.#defect === null) this.#error ??= lost(reason)
      done(null)
    }
    return { onReply, onLoss }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }
}
