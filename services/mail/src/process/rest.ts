import { setTimeout as delay } from 'node:timers/promises'

/** Waits; at once over when the signal is aborted. Keeps no process alive. */
export type Rest = (ms: number, signal: AbortSignal) => Promise<void>

export const rest: Rest = async (ms, signal) => {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
