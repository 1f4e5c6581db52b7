import { type DeviceRows, jsonRows } from './device-rows.ts'

/** When a device was last here and what it said it was; coarse, so that it costs one write an hour. */
export type LastSeen = { readonly at: number; readonly userAgent: string; readonly version: string }

export const lastSeenRows = jsonRows<LastSeen>('seen', { lastWins: true })

const RESOLUTION_MS = 3_600_000

/** Notes a request of a device. */
export const noteSeen = (rows: DeviceRows, now: LastSeen): void => {
  const before = rows.get(lastSeenRows)
  const same = before?.userAgent === now.userAgent && before.version === now.version
  if (!same || now.at - before.at >= RESOLUTION_MS) rows.put(lastSeenRows, now)
}
