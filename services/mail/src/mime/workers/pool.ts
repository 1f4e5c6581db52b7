import { finishParser, startParser } from './parse-job.ts'
import { ParserThread } from './parser-thread.ts'
import type { Parsed } from './protocol.ts'
import { ThreadedJob } from './threaded-job.ts'

export type { Parsed } from './protocol.ts'

/** One message on its way through a parser. */
export type MimeJob = {
  /** Takes the next bytes, which stay the caller's; a promise when the parser wants no more for now. */
  readonly write: (chunk: Uint8Array) => Promise<void> | undefined
  /** Never rejects for what the message is: one that can't be parsed is a stub with its defect. */
  readonly end: () => Promise<Parsed>
  readonly abort: () => void
}

export type MimeWorkers = {
  readonly start: () => MimeJob
  /** A whole message. Rejects if `chunks` does. */
  readonly parse: (chunks: AsyncIterable<Uint8Array>) => Promise<Parsed>
  /** Ends the threads; jobs that are still open reject. */
  readonly close: () => Promise<void>
}

export type MimeWorkersOptions = {
  /** Worker threads, started when they are first needed; default 1, 0: everything on the calling thread. */
  readonly threads?: number
  /** Messages up to here are parsed on the calling thread: docs/adr/0005-mime-by-offsets.md has the figures. */
  readonly inlineBytes?: number
  /** Time that one message may take in a thread in all. */
  readonly limitMs?: number
  /** Time that a thread may take for one step before it is taken for stuck. */
  readonly stuckMs?: number
}

const INLINE_BYTES = 64 * 1024
const LIMIT_MS = 10_000
const THREAD = new URL('./thread.ts', import.meta.url)

/** A thread that runs already is taken before another is started, unless it has work. */
const leastLoaded = (threads: readonly ParserThread[]): ParserThread => {
  const cost = (thread: ParserThread): number => thread.load + (thread.isRunning ? 0 : 0.5)
  return threads.reduce((best, thread) => (cost(thread) < cost(best) ? thread : best))
}

/** Parses right where it is called. */
const inlineJob = (): MimeJob => {
  const parser = startParser()
  return {
    write: (chunk) => {
      parser.write(chunk)
      return undefined
    },
    end: () => finishParser(parser),
    abort: () => undefined,
  }
}

/** Waits with the choice until it is known whether the message is a small one. */
class ChoosingJob implements MimeJob {
  readonly #inlineBytes: number
  readonly #startThreaded: () => MimeJob
  #held: Uint8Array[] = []
  #length = 0
  #job: MimeJob | null = null

  constructor(inlineBytes: number, startThreaded: () => MimeJob) {
    this.#inlineBytes = inlineBytes
    this.#startThreaded = startThreaded
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#job) return this.#job.write(chunk)
    this.#length += chunk.length
    if (this.#length > this.#inlineBytes) return this.#choose(this.#startThreaded()).write(chunk)
    this.#held.push(new Uint8Array(chunk))
    return undefined
  }

  end(): Promise<Parsed> {
    return (this.#job ?? this.#choose(inlineJob())).end()
  }

  abort(): void {
    this.#held = []
    this.#job?.abort()
  }

  #choose(job: MimeJob): MimeJob {
    this.#job = job
    for (const chunk of this.#held) job.write(chunk)
    this.#held = []
    return job
  }
}

const parseAll = async (job: MimeJob, chunks: AsyncIterable<Uint8Array>): Promise<Parsed> => {
  try {
    for await (const chunk of chunks) await job.write(chunk)
  } catch (error) {
    job.abort()
    throw error
  }
  return job.end()
}

/**
 * Parsers of messages: small ones on the calling thread, the others in worker threads, several at a time in each. A message that takes too long or too much memory
 * becomes a stub, and its thread is replaced; others in that thread reject with MIME_PARSER_LOST, which is retryable.
 */
export const createMimeWorkers = (options: MimeWorkersOptions = {}): MimeWorkers => {
  const { threads = 1, inlineBytes = INLINE_BYTES, limitMs = LIMIT_MS, stuckMs = LIMIT_MS } = options
  const pool = Array.from({ length: threads }, () => new ParserThread({ limitMs, stuckMs, entry: THREAD }))
  let lastId = 0
  const startThreaded = (): MimeJob => {
    lastId += 1
    return new ThreadedJob(leastLoaded(pool), lastId)
  }
  const start = (): MimeJob => (threads === 0 ? inlineJob() : new ChoosingJob(inlineBytes, startThreaded))
  const close = async (): Promise<void> => {
    await Promise.all(pool.map((thread) => thread.stop('the service stops')))
  }
  return { start, parse: (chunks) => parseAll(start(), chunks), close }
}
