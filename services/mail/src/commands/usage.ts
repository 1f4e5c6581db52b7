import type { Projector } from '@relais/read-store'
import { terminal } from '@relais/service-kit/errors.ts'
import { type AccountKey, accountRow } from '../queries/account.ts'
import { hasBlob } from '../queries/blobs.ts'

/** Room that messages on their way take from an account's quota until their rows are there. */
export type Reservation = {
  /** The message is in the log at this position: its rows take over. */
  stored(position: number): void
  /** It isn't coming. */
  release(): void
}

export type Room = AccountKey & {
  readonly bytes: number
  /** 0: no limit. */
  readonly quotaBytes: number
  /** The message's blob, so that a repeated delivery isn't refused: its command id is only known to the log. */
  readonly blob?: string
}

/** Long enough for any projector that moves at all. */
const ROWS_WITHIN_MS = 60_000

/** Keeps accounts within their quotas: rows count what is stored, this counts what is on its way. */
export class Usage {
  private readonly projector: Projector
  private readonly clock: () => number
  private readonly pending = new Map<string, number>()

  constructor(projector: Projector, clock: () => number) {
    this.projector = projector
    this.clock = clock
  }

  /** Errors: QUOTA_EXCEEDED. */
  async reserve(room: Room): Promise<Reservation> {
    const key = `${room.tenant}/${room.account}`
    // Those that asked before: who comes first gets the room.
    const before = this.pending.get(key) ?? 0
    this.add(key, room.bytes)
    let held = true
    const release = () => {
      if (held) this.add(key, -room.bytes)
      held = false
    }
    try {
      if (room.quotaBytes > 0) await this.requireRoom(room, before)
    } catch (error) {
      release()
      throw error
    }
    return { release, stored: (position) => void this.whenProjected(position).finally(release) }
  }

  private async requireRoom(room: Room, before: number) {
    const { store } = this.projector
    const { usedBytes } = await accountRow(store, room)
    if (usedBytes + before + room.bytes <= room.quotaBytes) return
    // A repeat of what filled the mailbox: the log will know its command. If not, the quota is passed by this one message.
    const mayBeRepeat = room.blob !== undefined && usedBytes <= room.quotaBytes
    if (!mayBeRepeat || !(await hasBlob(store, room, room.blob!))) throw quotaExceeded()
  }

  /** Also where the projector stands still: then the rows count late, and nothing is held for ever. */
  private whenProjected(position: number): Promise<void> {
    return this.projector.waitFor(position, this.clock() + ROWS_WITHIN_MS).catch(() => undefined)
  }

  private add(key: string, bytes: number) {
    const sum = (this.pending.get(key) ?? 0) + bytes
    if (sum > 0) this.pending.set(key, sum)
    else this.pending.delete(key)
  }
}

export const quotaExceeded = () => terminal('QUOTA_EXCEEDED', 'the mailbox has no room for this message')
