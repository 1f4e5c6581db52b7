import { RelaisError } from '@relais/service-kit'
import { jsonRows } from '../devices/device-rows.ts'

/** What a phone does again and again. */
export type LoopReason =
  | 'same_key'
  | 'bad_item'
  | 'ping_storm'
  | 'folder_sync_storm'
  | 'same_request'
  | 'many_requests'

/** A device that loops: one of its commands is refused for a while. */
export type Slowing = {
  readonly command: string
  readonly reason: LoopReason
  /** ServerId of the item that the phone doesn't get over; '' if it isn't one. */
  readonly item: string
  /** Milliseconds since 1970: when it was noticed, and until when the command is refused. */
  readonly at: number
  readonly until: number
  /** How often within a day, this one included. */
  readonly times: number
  /** When an administrator last ended a slowdown of the device; milliseconds since 1970. */
  readonly releasedAt?: number | undefined
}

/** Every process that serves the device reads it with its other rows. */
export const slowingRows = jsonRows<Slowing>('looping', { lastWins: true })

/** Why, in the words of X-MS-ASThrottle. */
const throttles: Readonly<Record<LoopReason, string>> = {
  same_key: 'SyncCommands',
  bad_item: 'SyncCommands',
  ping_storm: 'CommandFrequency',
  folder_sync_storm: 'CommandFrequency',
  same_request: 'RecentCommands',
  many_requests: 'RecentCommands',
}

/** The device is to come back later with this command. */
export class SlowedError extends RelaisError {
  /** Value of X-MS-ASThrottle. */
  readonly throttle: string
  constructor({ reason, until }: Slowing, now: number) {
    super('DEVICE_SLOWED', `the device loops: ${reason}`, true, {
      retryAfterSeconds: Math.max(1, Math.ceil((until - now) / 1000)),
    })
    this.throttle = throttles[reason]
  }
}
