import { StatusError } from '../commands/status-error.ts'
import type { WbxmlNode } from '../wbxml/node.ts'
import { intChild } from '../wbxml/read.ts'
import { LimitError, SYNC_STATUS } from './sync-status.ts'

/** MS-ASCMD 2.2.3.82 (HeartbeatInterval, in seconds) and 2.2.3.189 (Wait, in minutes). */
export const HEARTBEAT = { min: 60, max: 3540 } as const
const WAIT = { min: 1, max: 59 } as const

/** Milliseconds for which a Sync may be held; undefined: it doesn't say. Errors: Status 4 for both, 14 with the nearest bound. */
export const readWait = (body: WbxmlNode): number | undefined => {
  const wait = intChild(body, 'airsync:Wait')
  const heartbeat = intChild(body, 'airsync:HeartbeatInterval')
  if (wait !== undefined && heartbeat !== undefined)
    throw new StatusError(SYNC_STATUS.protocol, 'Wait and HeartbeatInterval exclude each other')
  if (wait !== undefined) return within(wait, WAIT) * 60_000
  return heartbeat === undefined ? undefined : within(heartbeat, HEARTBEAT) * 1000
}

const within = (value: number, { min, max }: { readonly min: number; readonly max: number }): number => {
  if (value < min || value > max) throw new LimitError(SYNC_STATUS.wait, value < min ? min : max)
  return value
}
