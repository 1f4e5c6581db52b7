/** What is done again and again, and costs the processor something. */
export const OPERATIONS = [
  'signIn',
  'delivery',
  'pushRound',
  'quietSync',
  'markRead',
  'firstSyncMessage',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** What was measured: of each process, milliseconds of a core for one operation; memory while nothing happens; bytes that a message takes. */
export type UnitCosts = {
  readonly measured: { readonly on: string; readonly machine: string }
  readonly cpuMs: Readonly<Record<Operation, Readonly<Record<string, number>>>>
  readonly idleMiB: Readonly<Record<string, number>>
  /** Of one message as it was delivered, 14 KB in the middle. */
  readonly bytesPerMessage: { readonly log: number; readonly rows: number; readonly blobs: number }
  /** Of one request that waits. */
  readonly heldKiB: number
}

/** Processes in the order in which people think of them. */
export const PROCESSES = [
  'device-sync',
  'mail',
  'mail-transport',
  'directory',
  'haproxy',
  'postgres',
  'nats-server',
  'versitygw',
] as const
