import { Worker } from 'node:worker_threads'
import type { Reply, Request, ThreadOptions } from './protocol.ts'

/** Why a request will get no reply: it was the one the thread was at, or it waited behind that one. */
export type Loss = { readonly culprit: boolean; readonly reason: string }

export type ReplyHandler = {
  readonly onReply: (reply: Reply) => void
  readonly onLoss: (loss: Loss) => void
}

export type ParserThreadOptions = ThreadOptions & {
  /** A single step that takes longer means that the thread is stuck. */
  readonly stuckMs: number
  /** What the thread runs. */
  readonly entry: URL
}

/** A message that needs more is an attack: parsing takes some MB at most. */
const MEMORY_MB = 256

/**
 * A worker thread that answers requests in their order. One that gets stuck, runs out of memory or dies is gone, and a new one
 * is started with the next request.
 */
export class ParserThread {
  readonly #options: ParserThreadOptions
  #worker: Worker | null = null
  #waiting: ReplyHandler[] = []
  #watchdog: NodeJS.Timeout | undefined
  #generation = 0
  #stopped: string | null = null

  constructor(options: ParserThreadOptions) {
    this.#options = options
  }

  /** Requests without a reply. */
  get load(): number {
    return this.#waiting.length
  }

  /** Changes when the thread is lost, and with it all that it had been told. */
  get generation(): number {
    return this.#generation
  }

  get isRunning(): boolean {
    return this.#worker !== null
  }

  /** Its bytes are gone afterwards. */
  ask(request: Exclude<Request, { type: 'drop' }>, handler: ReplyHandler): void {
    if (this.#stopped !== null) {
      handler.onLoss({ culprit: false, reason: this.#stopped })
      return
    }
    const worker = this.#worker ?? this.#start()
    this.#waiting.push(handler)
    if (this.#waiting.length === 1) this.#watch()
    worker.postMessage(request, request.type === 'chunk' ? [request.bytes.buffer] : [])
  }

  drop(job: number): void {
    this.#worker?.postMessage({ type: 'drop', job } satisfies Request)
  }

  /** For good: whatever is asked afterwards is lost. */
  async stop(reason: string): Promise<void> {
    const worker = this.#worker
    this.#stopped = reason
    this.#lose(reason, false)
    await worker?.terminate()
  }

  #start(): Worker {
    const { limitMs, entry } = this.#options
    const worker = new Worker(entry, {
      workerData: { limitMs } satisfies ThreadOptions,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      stdout: false,
      stderr: false,
    })
    worker.on('message', (reply: Reply) => this.#replied(worker, reply))
    worker.on('error', (error) => this.#died(worker, error instanceof Error ? error.name : 'unknown'))
    worker.on('exit', () => this.#died(worker, 'exited'))
    worker.unref()
    this.#worker = worker
    return worker
  }

  #watch(): void {
    this.#watchdog = setTimeout(() => this.#stuck(), this.#options.stuckMs)
  }

  #stuck(): void {
    const worker = this.#worker
    this.#lose('parsing took too long', true)
    void worker?.terminate()
  }

  #replied(worker: Worker, reply: Reply): void {
    if (worker !== this.#worker) return
    clearTimeout(this.#watchdog)
    const handler = this.#waiting.shift()
    if (this.#waiting.length > 0) this.#watch()
    handler?.onReply(reply)
  }

  #died(worker: Worker, reason: string): void {
    if (worker === this.#worker) this.#lose(`the parser died: ${reason}`, true)
  }

  /** The first request in line is the one that the thread was at. */
  #lose(reason: string, hasCulprit: boolean): void {
    clearTimeout(this.#watchdog)
    this.#worker = null
    this.#generation++
    const lost = this.#waiting
    this.#waiting = []
    for (const [index, handler] of lost.entries())
      handler.onLoss({ culprit: hasCulprit && index === 0, reason })
  }
}
