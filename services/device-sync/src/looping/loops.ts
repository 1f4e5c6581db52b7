import { crc32 } from 'node:zlib'
import { count, type Logger } from '@relais/service-kit'
import type { DeviceRowSource } from '../devices/device-row-store.ts'
import type { DeviceRows } from '../devices/device-rows.ts'
import { PROBE } from '../devices/identify.ts'
import { refKey } from '../devices/row-statements.ts'
import type { DeviceRef } from '../held/held-requests.ts'
import type { RequestLine } from '../http/request-line.ts'
import { DeviceLoops, type Seen } from './device-loops.ts'
import { SlowedError, type Slowing, slowingRows } from './slowing.ts'

export type LoopsOptions = {
  readonly logger: Logger
  readonly rowStore: Pick<DeviceRowSource, 'of'>
  /** Repeats of one request that a device may have in its account; 0: any number. */
  readonly maxRepeats: number
  /** Devices that are watched; default 20,000: whoever loops is always among the last. */
  readonly maxDevices?: number
}

/** Of a message only its beginning is looked at. */
const LOOKED_AT = 64 * 1024

/** What tells two requests of one command apart: the body, and what the query names of it up to 12.1. */
export const fingerprintOf = (
  bytes: Uint8Array,
  named: Pick<RequestLine, 'attachmentName' | 'collectionId' | 'itemId' | 'longId'>,
): number => {
  const { attachmentName, collectionId, itemId, longId } = named
  const query = `${attachmentName}${collectionId}${itemId}${longId}`
  const begin = query === '' ? bytes.length % 0xffffffff : crc32(query, bytes.length % 0xffffffff)
  return crc32(bytes.length > LOOKED_AT ? bytes.subarray(0, LOOKED_AT) : bytes, begin)
}

/** Recognises devices that loop, slows them down, and says so once. What is counted is this process's; whoever is slowed is everybody's. */
export class Loops {
  readonly #options: Required<LoopsOptions>
  /** Least recently used first. */
  readonly #devices = new Map<string, DeviceLoops>()

  constructor(options: LoopsOptions) {
    this.#options = { maxDevices: 20_000, ...options }
  }

  #of(device: DeviceRef): DeviceLoops {
    const key = refKey(device)
    const loops = this.#devices.get(key) ?? new DeviceLoops()
    this.#devices.delete(key)
    this.#devices.set(key, loops)
    if (this.#devices.size > this.#options.maxDevices)
      this.#devices.delete(this.#devices.keys().next().value ?? '')
    return loops
  }

  #isWatched({ device }: DeviceRef): boolean {
    return this.#options.maxRepeats > 0 && device !== PROBE
  }

  /** Before anything is done for the device. Errors: DEVICE_SLOWED. */
  async check(device: DeviceRef, command: string, now: number): Promise<void> {
    const loops = this.#devices.get(refKey(device))
    const slowing = loops?.slowedAt(command, now)
    if (!loops || !slowing) return
    if (loops.isToConfirm(now) && (await this.#isReleased(device, slowing))) return loops.release()
    throw new SlowedError(slowing, now)
  }

  /** Whether another process was told. */
  async #isReleased(device: DeviceRef, { at }: Slowing): Promise<boolean> {
    const rows = await this.#options.rowStore.of(device)
    return (rows.get(slowingRows)?.releasedAt ?? 0) >= at
  }

  /** Ends the device's slowdown, here at once and at other processes within seconds. False: there was none. */
  async release(device: DeviceRef, now: number): Promise<boolean> {
    this.#devices.get(refKey(device))?.release()
    const rows = await this.#options.rowStore.of(device)
    const slowing = rows.get(slowingRows)
    if (!slowing || slowing.until <= now) return false
    rows.put(slowingRows, { ...slowing, until: slowing.at, releasedAt: now })
    await rows.commit()
    return true
  }

  /** What another process has decided. Errors: DEVICE_SLOWED. */
  checkRows(rows: DeviceRows, command: string, now: number): void {
    const slowing = rows.get(slowingRows)
    if (slowing?.command !== command || slowing.until <= now || !this.#isWatched(rows.device)) return
    this.#of(rows.device).adopt(slowing)
    throw new SlowedError(slowing, now)
  }

  /** Counts a request; one too many is the last before the device is slowed down. */
  async note(device: DeviceRef, seen: Seen, now: number): Promise<void> {
    if (!this.#isWatched(device)) return
    const slowing = this.#of(device).note(seen, now, this.#options.maxRepeats)
    if (slowing) await this.#tell(device, slowing)
  }

  /** How often the device has repeated the request lately. */
  repeats(device: DeviceRef, seen: Seen, now: number): number {
    return this.#devices.get(refKey(device))?.repeats(seen, now) ?? 0
  }

  /** The answer to a repeated request has this one item. */
  stuckAt(device: DeviceRef, seen: Seen, item: string): void {
    this.#devices.get(refKey(device))?.stuckAt(seen, item)
  }

  /** The device doesn't get over an item, and gets it without its body: said the first time. */
  async stub(
    device: DeviceRef,
    { seen, item, now }: { seen: Seen; item: string; now: number },
  ): Promise<void> {
    if (!this.#devices.get(refKey(device))?.stub(seen)) return
    this.#options.logger.warn({ ...device, item }, 'a phone does not take a message; it is sent as a stub')
    const slowing: Slowing = { command: 'Sync', reason: 'bad_item', item, at: now, until: now, times: 1 }
    await this.#keep(device, slowing)
  }

  async #tell(device: DeviceRef, slowing: Slowing): Promise<void> {
    const { command, reason, item, times, at, until } = slowing
    const seconds = Math.round((until - at) / 1000)
    this.#options.logger.warn(
      { ...device, command, reason, item, times, seconds },
      'a phone asks the same again and again; it is slowed down',
    )
    count('relais_devices_slowed', { reason })
    await this.#keep(device, slowing)
  }

  async #keep(device: DeviceRef, slowing: Slowing): Promise<void> {
    const rows = await this.#options.rowStore.of(device)
    rows.put(slowingRows, { ...slowing, releasedAt: rows.get(slowingRows)?.releasedAt })
    await rows.commit()
  }
}
