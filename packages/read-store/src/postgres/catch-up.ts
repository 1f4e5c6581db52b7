import { storeClosed } from '../errors.ts'
import type { Generation, GenerationOptions } from './generation.ts'

export type CatchUp = {
  readonly options: Pick<GenerationOptions, 'log' | 'filter'>
  /** Position of the rows that serve. */
  readonly serving: () => number
  /** After each of its transactions. */
  readonly onProjected: () => void
  readonly signal: AbortSignal
}

/** Follows the log with a new generation, and resolves when its rows may serve in place of those that do. */
export const catchUp = (
  next: Generation,
  { options, serving, onProjected, signal }: CatchUp,
): Promise<void> => {
  const done = Promise.withResolvers<void>()
  const giveUp = () => done.reject(storeClosed())
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  const check = async () => {
    if (follower.fault) return done.reject(follower.fault)
    if (follower.caughtUp && (await mayServe(next, options, serving()))) done.resolve()
  }
  const follower = next.follow(() => {
    onProjected()
    check().catch(done.reject)
  })
  return done.promise.finally(() => signal.removeEventListener('abort', giveUp))
}

/**
 * It may be behind the rows that serve and yet have all that is in the log: what those have last was purged since. Then it
 * stands for their position too, so that no reader's checkpoint goes back.
 */
const mayServe = async (
  next: Generation,
  { log, filter }: Pick<GenerationOptions, 'log' | 'filter'>,
  serving: number,
): Promise<boolean> => {
  if (next.checkpoint >= serving) return true
  if ((await log.head(filter)) > next.checkpoint) return false
  await next.projection.raise(serving)
  return next.checkpoint >= serving
}
