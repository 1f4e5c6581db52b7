import { Worker } from 'node:worker_threads'
import type { WalFailure, WalReply, WalRequest } from './messages.ts'

type Asked = PromiseWithResolvers<WalFailure | undefined>

/** One thread for all databases of this process. It starts when there is something to do, and ends with the last database. */
class WalThread {
  readonly #asked = new Map<string, Asked>()
  readonly #databases = new Set<number>()
  #worker: Worker | undefined
  #lastId = 0

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  register(): number {
    this.#lastId += 1
    this.#databases.add(this.#lastId)
    return this.#lastId
  }

  /** Resolves with what went wrong, or undefined. One request of a kind at a time for one database. */
  ask(request: WalRequest): Promise<WalFailure | undefined> {
    const asked: Asked = Promise.withResolvers()
    this.#asked.set(`${request.kind} ${request.id}`, asked)
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage(request)
    return asked.promise
  }

  async release(id: number): Promise<void> {
    this.#databases.delete(id)
    if (this.#databases.size > 0) return
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'wal' })
    worker.on('message', (reply: WalReply) => this.#answer(`${reply.kind} ${reply.id}`, reply.failure))
    worker.on('error', (error) => this.#lost(worker, { message: String(error) }))
    return worker
  }

  #answer(key: string, failure: WalFailure | undefined): void {
    const asked = this.#asked.get(key)
    this.#asked.delete(key)
    // While nobody waits for it the thread doesn't keep the process alive.
    if (this.#asked.size === 0) this.#worker?.unref()
    asked?.resolve(failure)
  }

  #lost(worker: Worker, failure: WalFailure): void {
    if (this.#worker === worker) this.#worker = undefined
    for (const key of [...this.#asked.keys()]) this.#answer(key, failure)
  }
}

export const walThread = new WalThread()
