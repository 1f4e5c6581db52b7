import { parentPort } from 'node:worker_threads'
import type { Request } from './protocol.ts'

/** A thread that does what its job number says: dies, throws, never answers, or answers. */
parentPort?.on('message', ({ job }: Request) => {
  if (job === 1) process.exit(1)
  if (job === 2) throw new RangeError('out of something')
  if (job === 3) for (;;);
  parentPort?.postMessage({ type: 'taken', job })
})
