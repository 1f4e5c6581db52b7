import { parentPort, workerData } from 'node:worker_threads'
import type { StructureParser } from '../structure-parser.ts'
import { finishParser, startParser } from './parse-job.ts'
import type { Reply, Request, ThreadOptions } from './protocol.ts'

/** Parses messages that come in pieces, several at a time: the entry point of a worker thread. */

type Job = { readonly parser: StructureParser; spentMs: number }

const { limitMs } = workerData as ThreadOptions
const jobs = new Map<number, Job>()

const jobOf = (id: number): Job => {
  const known = jobs.get(id)
  if (known) return known
  const job = { parser: startParser(), spentMs: 0 }
  jobs.set(id, job)
  return job
}

/** Runs one step of a job on its account. */
const timed = async (job: Job, step: () => unknown): Promise<unknown> => {
  const start = performance.now()
  const result = await step()
  job.spentMs += performance.now() - start
  return result
}

const take = async (id: number, bytes: Uint8Array): Promise<Reply> => {
  const job = jobOf(id)
  await timed(job, () => job.parser.write(bytes))
  return job.spentMs > limitMs ? tooSlow(id) : { type: 'taken', job: id }
}

const tooSlow = (id: number): Reply => {
  jobs.delete(id)
  return { type: 'defect', job: id, defect: 'parsing took too long' }
}

const finish = async (id: number): Promise<Reply> => {
  const job = jobOf(id)
  jobs.delete(id)
  const parsed = await finishParser(job.parser)
  return { type: 'parsed', job: id, parsed }
}

/** A parser doesn't throw; if this one does, its message is a stub, and the others go on. */
const answer = async (request: Request): Promise<Reply> => {
  try {
    return request.type === 'chunk' ? await take(request.job, request.bytes) : await finish(request.job)
  } catch (error) {
    jobs.delete(request.job)
    return {
      type: 'defect',
      job: request.job,
      defect: `parsing failed: ${error instanceof Error ? error.name : 'unknown'}`,
    }
  }
}

/** One request after the other: replies keep the order. */
let last: Promise<void> = Promise.resolve()

parentPort?.on('message', (request: Request) => {
  if (request.type === 'drop') jobs.delete(request.job)
  else last = last.then(async () => parentPort?.postMessage(await answer(request)))
})
