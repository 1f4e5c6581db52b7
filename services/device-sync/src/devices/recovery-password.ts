import { type DeviceRows, jsonRows } from './device-rows.ts'

/** A password that unlocks the device where its owner has forgotten the own one. */
export type RecoveryPassword = { readonly password: string; readonly at: number }

/** A row and no fact: it is a secret, goes with the device, and a device gives another one when it is asked for a new password. */
export const recoveryPasswordRows = jsonRows<RecoveryPassword>('recovery-password', { lastWins: true })

/** Keeps what a device has given; an empty one is none. Resolves when it is durable. */
export const keepRecoveryPassword = async (rows: DeviceRows, given: RecoveryPassword): Promise<void> => {
  if (given.password === '') rows.delete(recoveryPasswordRows)
  else rows.put(recoveryPasswordRows, given)
  await rows.saved()
}
