import type { ReadStore, Writer } from '@relais/read-store'
import type { DeviceRef } from '../held/held-requests.ts'
import { type RowChange, writeChange } from './row-statements.ts'

export const OF_DEVICE = 'tenant = ? AND account = ? AND device = ?'

export const placeOf = ({ tenant, account, device }: DeviceRef) => [tenant, account, device] as const

/** What a request's changes were decided on. */
export type Step = {
  readonly device: DeviceRef
  readonly base: number | undefined
  readonly anyVersion: boolean
  /** Of the rows afterwards: one that never was, so that what a server lost in a crash, or a removed device's, isn't taken for these. */
  readonly next: number
}

/** False: the rows aren't those of `base` any more. */
const stepVersion = async (writer: Writer, { device, base, anyVersion, next }: Step): Promise<boolean> => {
  if (base === undefined && (await insertVersion(writer, device, next))) return true
  const step = `UPDATE device_row_versions SET version = ? WHERE ${OF_DEVICE}`
  const changed = anyVersion
    ? await writer.run(step, next, ...placeOf(device))
    : await writer.run(`${step} AND version = ?`, next, ...placeOf(device), base ?? NO_VERSION)
  return changed === 1
}

/** Of no device. */
const NO_VERSION = -1

const insertVersion = async (writer: Writer, device: DeviceRef, version: number): Promise<boolean> =>
  (await writer.run(
    `INSERT INTO device_row_versions (tenant, account, device, version) VALUES (?, ?, ?, ?)
     ON CONFLICT (tenant, account, device) DO NOTHING`,
    ...placeOf(device),
    version,
  )) === 1

type Waiting = {
  readonly step: Step
  readonly changes: readonly RowChange[]
  resolve(written: boolean): void
  reject(error: unknown): void
}

/** Requests in one transaction at most. */
const MOST = 100

/**
 * Writes of many requests, those of one moment in one transaction: a thousand phones that are woken at once don't stand in a queue of a
 * thousand transactions. Each of them succeeds or fails by itself.
 */
export class GroupedWrites {
  readonly #store: ReadStore
  readonly #waiting: Waiting[] = []
  #writing = false

  constructor(store: ReadStore) {
    this.#store = store
  }

  /** False: the rows aren't those of the step any more; nothing was written. Errors: those of the store. */
  write(step: Step, changes: readonly RowChange[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, changes, resolve, reject })
      if (!this.#writing) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) await this.#writeSome(this.#waiting.splice(0, MOST))
    this.#writing = false
  }

  async #writeSome(writes: readonly Waiting[]): Promise<void> {
    try {
      const written = await this.#store.transaction((writer) => writeTogether(writer, writes))
      for (const [n, { resolve }] of writes.entries()) resolve(written[n] === true)
    } catch (error) {
      for (const { reject } of writes) reject(error)
    }
  }
}

/** Sent all at once, carried out in their order. */
const writeTogether = async (writer: Writer, writes: readonly Waiting[]): Promise<readonly boolean[]> => {
  const stepped = await Promise.all(writes.map(({ step }) => stepVersion(writer, step)))
  const good = writes.filter((_, n) => stepped[n])
  await Promise.all(
    good.flatMap(({ step, changes }) => changes.map((change) => writeChange(writer, step.device, change))),
  )
  return stepped
}
