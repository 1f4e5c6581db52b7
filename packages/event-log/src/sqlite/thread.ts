import { Worker } from 'node:worker_threads'
import { LogUnavailableError } from '../port.ts'
import { errorOf, type Fault } from './faults.ts'

/** What a thread can be asked, by name. */
export type Calls = { readonly [name: string]: { request: unknown; answer: unknown } }

export type CallMessage = { readonly name: string; readonly request: unknown }

export type AnswerMessage = { readonly answer: unknown } | { readonly fault: Fault }

type Waiting = { resolve(answer: unknown): void; reject(error: unknown): void }

/** The near side of a thread that answers calls one after the other (thread-server.ts is the far side). */
export class Thread<C extends Calls> {
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  #gone: Error | undefined
  #onEnd: (error: Error) => void = () => undefined

  private constructor(program: URL, file: string) {
    // Without the process's own flags: some (--input-type) are refused by threads.
    this.#worker = new Worker(program, { workerData: { file }, name: 'event-log', execArgv: [] })
    this.#worker.on('message', (message: AnswerMessage) => this.#answered(message))
    this.#worker.on('error', (cause: Error) => this.#end(failed(cause)))
    this.#worker.on('exit', () => this.#end(new LogUnavailableError('the event log is closed')))
  }

  /** `program`: a module that calls `serve`; `file`: the log that it opens. Errors: what opening threw. */
  static async start<C extends Calls>(program: URL, file: string): Promise<Thread<C>> {
    const thread = new Thread<C>(program, file)
    try {
      await thread.#answer()
      return thread
    } catch (error) {
      await thread.#worker.terminate()
      throw error
    }
  }

  /** Errors: what the call threw over there; LogUnavailableError if the thread is gone. */
  async call<Name extends keyof C & string>(
    name: Name,
    request: C[Name]['request'],
  ): Promise<C[Name]['answer']> {
    if (this.#gone) throw this.#gone
    this.#worker.postMessage({ name, request } satisfies CallMessage)
    return await this.#answer()
  }

  /** Called when the thread has ended without `stop`, with the error that calls get from now on. */
  onEnd(listener: (error: Error) => void) {
    this.#onEnd = listener
  }

  /** Closes what the thread has open, after all calls before. */
  async stop(): Promise<void> {
    this.#onEnd = () => undefined
    try {
      if (!this.#gone) await this.call('close', undefined)
    } finally {
      await this.#worker.terminate()
    }
  }

  #answer(): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.push({ resolve, reject })
    return promise
  }

  #answered(message: AnswerMessage) {
    const { resolve, reject } = this.#waiting.shift()!
    if ('fault' in message) reject(errorOf(message.fault))
    else resolve(message.answer)
  }

  #end(error: Error) {
    if (this.#gone) return
    this.#gone = error
    this.#onEnd(error)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

const failed = (cause: Error) =>
  new LogUnavailableError(`the event log has failed: ${cause.message}`, { cause })
