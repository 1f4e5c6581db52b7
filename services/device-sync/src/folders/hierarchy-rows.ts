import { type DeviceRows, jsonRows } from '../devices/device-rows.ts'

/** Positions of the folder keys that a phone may hold: the one it presented last, and the one it was sent. */
export type HeldHierarchy = { readonly presented: number; readonly sent: number }

/** By this Ping tells whether a FolderSync is due (Status 7). */
export const hierarchyRows = jsonRows<HeldHierarchy>('hierarchy', { lastWins: true })

export const noteHierarchy = (rows: DeviceRows, held: HeldHierarchy): void => {
  const before = rows.get(hierarchyRows)
  if (before?.presented !== held.presented || before.sent !== held.sent) rows.put(hierarchyRows, held)
}
