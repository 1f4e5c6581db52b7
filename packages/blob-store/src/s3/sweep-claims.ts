import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { retryable } from '@relais/service-kit/errors.ts'
import type { S3Client } from './client.ts'
import type { Keys } from './keys.ts'
import { deleteObject, headObject, listObjects, storedHeaders } from './objects.ts'

/*
 * S3 can't remove an object only if it is still the one that was looked at. So those who sweep and those who store agree:
 *
 *   sweep: (1) says that it sweeps the tenant, (2) waits a lease, then for each batch
 *          (3) says which blobs it is about to remove, (4) looks at each: was it stored lately? (5) removes it if not.
 *          A batch's claim stands until all its removals are answered for, what it said first until the end.
 *   store: (a) looks whether somebody sweeps, unless it did within a lease, (b) puts the object,
 *          (c) is done if what (a) saw is not older than a lease; else
 *          (d) waits until nobody claims this blob, (e) looks whether it is there, and puts it again if it isn't.
 *
 * Done at (c): (a) saw no sweep, so any began after (a), and removes nothing before a lease has passed, which is after (b);
 * then (4) sees a young object. Done at (e): a claim that was made before (d) is gone, so its removal came before (e) saw the
 * object; one made later looks at (4) after (b), and sees a young object. A removal that was delayed on its way is signed with the
 * time of its claim, which servers refuse after 15 minutes; until then the claim of a sweep that didn't end well stands.
 * Only lengths of time are compared, never one machine's clock with another's.
 */

/** Longer than a signature is good for, by far more than two clocks may differ. */
const CLAIM_EXPIRES_MS = 25 * 60_000
const LOOK_EVERY_MS = 100
const LOOK_FOR_MS = 15_000
const MAX_ROUNDS = 5
const MAX_CLAIM_BYTES = 64 * 1024

type Claim = ReadonlySet<string> | 'all'

export type ClaimsDeps = {
  readonly client: S3Client
  readonly keys: Keys
  readonly leaseMs: number
  /** Milliseconds for which who stores waits for a sweep that has claimed the same content; default 15,000. */
  readonly lookForMs?: number
}

const claimOf = (bytes: Uint8Array): Claim => {
  try {
    const { ids } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { ids: unknown }
    return Array.isArray(ids) ? new Set<string>(ids) : 'all'
  } catch {
    return 'all'
  }
}

const claims = (claim: Claim, id: string) => claim === 'all' || claim.has(id)

/** How those who store keep clear of those who sweep. One for each open store. */
export class SweepGuard {
  readonly #deps: ClaimsDeps
  /** By tenant: since when nobody is known to sweep (of `performance.now`), or the look that will tell. */
  readonly #clear = new Map<string, number>()
  readonly #looks = new Map<string, Promise<void>>()

  constructor(deps: ClaimsDeps) {
    this.#deps = deps
  }

  /** Stores a blob so that it is there afterwards, whoever sweeps. `put` may be called again. */
  async store(tenant: string, id: string, put: () => Promise<void>): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (!this.#isClear(tenant, this.#deps.leaseMs / 2)) await this.#look(tenant)
      await put()
      if (this.#isClear(tenant, this.#deps.leaseMs)) return
      await this.#unclaimed(tenant, id)
      if (await headObject(this.#deps.client, this.#deps.keys.blob(tenant, id))) return
    }
    throw inTheWay()
  }

  #isClear(tenant: string, within: number): boolean {
    const since = this.#clear.get(tenant)
    return since !== undefined && performance.now() - since < within
  }

  #look(tenant: string): Promise<void> {
    const running = this.#looks.get(tenant)
    if (running) return running
    const look = this.#lookNow(tenant).finally(() => this.#looks.delete(tenant))
    this.#looks.set(tenant, look)
    return look
  }

  async #lookNow(tenant: string): Promise<void> {
    const since = performance.now()
    this.#clear.delete(tenant)
    if ((await standing(this.#deps, tenant)).length === 0) this.#clear.set(tenant, since)
  }

  async #unclaimed(tenant: string, id: string): Promise<void> {
    const until = performance.now() + (this.#deps.lookForMs ?? LOOK_FOR_MS)
    while (await this.#isClaimed(tenant, id)) {
      if (performance.now() > until) throw inTheWay()
      await delay(LOOK_EVERY_MS)
    }
  }

  async #isClaimed(tenant: string, id: string): Promise<boolean> {
    const { client } = this.#deps
    for (const key of await standing(this.#deps, tenant)) {
      const { status, bytes } = await client.call({
        method: 'GET',
        key,
        maxBytes: MAX_CLAIM_BYTES,
        mayBeAbsent: true,
      })
      if (status !== 404 && claims(claimOf(bytes), id)) return true
    }
    return false
  }
}

const inTheWay = () =>
  retryable('BLOB_STORE_UNAVAILABLE', 'a sweep that was broken off is in the way of this content')

/** Keys of the claims on a tenant's blobs that count. The server's clock is compared with itself. */
const standing = async ({ client, keys }: ClaimsDeps, tenant: string): Promise<string[]> => {
  const found: string[] = []
  for await (const { objects, date } of listObjects(client, keys.sweeps(tenant))) {
    const now = Number.isFinite(date) ? date : Date.now()
    found.push(...objects.filter(({ modified }) => now - modified < CLAIM_EXPIRES_MS).map(({ key }) => key))
  }
  return found
}

/** What a sweep is about to remove. */
export type Claimed = {
  /** Milliseconds since 1970: what is removed under it is signed with this time. */
  readonly at: number
  /** All that was removed is answered for. */
  release(): Promise<void>
}

/**
 * What one sweep says of itself. Whatever it says has a key of its own: a request that was held up on its way and comes late can't
 * take the place of a later one.
 */
export class SweepClaims {
  readonly #deps: ClaimsDeps
  readonly #prefix: string
  #announced: Claimed | undefined

  constructor(deps: ClaimsDeps, tenant: string) {
    this.#deps = deps
    this.#prefix = deps.keys.sweeps(tenant)
  }

  /** Resolves when these blobs may be looked at and removed. */
  async claim(ids: readonly string[]): Promise<Claimed> {
    this.#announced ??= await this.#announce()
    return this.#say(ids)
  }

  /** It sweeps no more. */
  async end(): Promise<void> {
    await this.#announced?.release()
  }

  async #announce(): Promise<Claimed> {
    const announced = await this.#say([])
    await delay(this.#deps.leaseMs * LEASE_MARGIN)
    return announced
  }

  async #say(ids: readonly string[]): Promise<Claimed> {
    const key = this.#prefix + randomUUID()
    const at = Date.now()
    const body = Buffer.from(JSON.stringify({ ids }))
    await this.#deps.client.call({ method: 'PUT', key, body, headers: storedHeaders(at) })
    return { at, release: () => deleteObject(this.#deps.client, key) }
  }
}

/** Timers of two machines don't run alike to the last. */
const LEASE_MARGIN = 1.1

/** Removes claims of sweeps that ended long ago without saying so. */
export const removeExpiredClaims = async (deps: ClaimsDeps, tenant: string): Promise<void> => {
  const counted = new Set(await standing(deps, tenant))
  for await (const { objects, date } of listObjects(deps.client, deps.keys.sweeps(tenant))) {
    const expired = objects.filter(
      ({ key, modified }) => !counted.has(key) && date - modified >= CLAIM_EXPIRES_MS,
    )
    for (const { key } of expired) await deleteObject(deps.client, key)
  }
}
