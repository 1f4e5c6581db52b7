import { gauge } from '@relais/service-kit'
import type { HeldRequests } from './held-requests.ts'

/** What is read of the process. */
export type ResidentMemory = () => number

/** Shows how many requests wait, and what each of them costs in memory: what the process has grown by since none waited. */
export const showHeld = (
  held: Pick<HeldRequests, 'count'>,
  resident: ResidentMemory = () => process.memoryUsage.rss(),
): { close(): void } => {
  let before = resident()
  const gauges = [
    gauge('relais_held_requests', () => [{ value: held.count }]),
    gauge('relais_held_request_bytes', () => {
      if (held.count > 0) return [{ value: Math.max(0, resident() - before) / held.count }]
      before = resident()
      return []
    }),
  ]
  return { close: () => gauges.forEach((one) => void one.close()) }
}
