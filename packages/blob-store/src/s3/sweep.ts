import type { IsReferenced } from '../file/sweep.ts'
import type { S3Client } from './client.ts'
import { type Keys, storedUnder } from './keys.ts'
import { deleteObject, headObject, type ListedObject, listObjects, listUploads } from './objects.ts'
import { type Claimed, type ClaimsDeps, removeExpiredClaims, SweepClaims } from './sweep-claims.ts'

const BATCH = 256
/** Calls of one sweep at a time: it is in nobody's hurry. */
const AT_A_TIME = 8
/** A second: no object tells finer when it was stored without being asked itself. */
const SECOND_MS = 1000

export type Sweep = {
  readonly claims: ClaimsDeps
  readonly tenant: string
  readonly isReferenced: IsReferenced
  /** Milliseconds since 1970: blobs stored before are old. */
  readonly before: number
}

/** A blob's key and those of its artefacts, as they are listed. */
type Family = { readonly id: string; blob: ListedObject | undefined; readonly artefacts: string[] }

const each = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const item = items[next]!
      next += 1
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}

/** What lies under a tenant's keys by blob: an artefact's key begins with its blob's, so a family comes in one piece. */
async function* familiesOf(client: S3Client, prefix: string): AsyncGenerator<Family> {
  let family: Family | undefined
  for await (const { objects } of listObjects(client, prefix)) {
    for (const object of objects) {
      const stored = storedUnder(object.key)
      if (!stored) continue
      if (family && family.id !== stored.id) yield family
      if (family?.id !== stored.id) family = { id: stored.id, blob: undefined, artefacts: [] }
      if (stored.artefact === undefined) family.blob = object
      else family.artefacts.push(object.key)
    }
  }
  if (family) yield family
}

async function* batchesOf<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const isStoredBefore = async (client: S3Client, key: string, before: number): Promise<boolean> => {
  const head = await headObject(client, key)
  return head !== undefined && head.stored < before
}

const isOld = async (client: S3Client, { key, modified }: ListedObject, before: number): Promise<boolean> => {
  if (modified >= before) return false
  return modified + SECOND_MS <= before || isStoredBefore(client, key, before)
}

const oldOnes = async (client: S3Client, families: readonly Family[], before: number): Promise<Family[]> => {
  const old = new Set<Family>()
  await each(families, async (family) => {
    if (family.blob && (await isOld(client, family.blob, before))) old.add(family)
  })
  return families.filter((family) => old.has(family))
}

const unreferenced = async ({ isReferenced }: Sweep, families: readonly Family[]): Promise<Family[]> => {
  if (families.length === 0) return []
  const referenced = await isReferenced(families.map(({ id }) => id))
  return families.filter(({ id }) => !referenced.has(id))
}

/** One tenant's sweep: see sweep-claims.ts for what makes it safe. */
class TenantSweep {
  readonly #sweep: Sweep
  readonly #client: S3Client
  readonly #keys: Keys
  readonly #claims: SweepClaims
  #removed = 0

  constructor(sweep: Sweep) {
    this.#sweep = sweep
    this.#client = sweep.claims.client
    this.#keys = sweep.claims.keys
    this.#claims = new SweepClaims(sweep.claims, sweep.tenant)
  }

  async run(): Promise<number> {
    await removeExpiredClaims(this.#sweep.claims, this.#sweep.tenant)
    for await (const batch of batchesOf(familiesOf(this.#client, this.#keys.blobs(this.#sweep.tenant))))
      await this.#sweepBatch(batch)
    await this.#claims.end()
    return this.#removed
  }

  async #sweepBatch(batch: readonly Family[]): Promise<void> {
    const { before } = this.#sweep
    const candidates = await this.#orphans(batch, before)
    if (candidates.length > 0) await this.#removeAll(candidates)
    await each(batch, async ({ blob, artefacts }) => {
      if (!blob) await each(artefacts, (key) => deleteObject(this.#client, key))
    })
  }

  /** A question that isn't answered leaves no claim behind: nothing is being removed. */
  async #orphans(batch: readonly Family[], before: number): Promise<Family[]> {
    try {
      return await unreferenced(this.#sweep, await oldOnes(this.#client, batch, before))
    } catch (error) {
      await this.#claims.end()
      throw error
    }
  }

  /** A removal that fails leaves the claim: nobody knows when it will be carried out. */
  async #removeAll(families: readonly Family[]): Promise<void> {
    const claimed = await this.#claims.claim(families.map(({ id }) => id))
    await each(families, (family) => this.#remove(family, claimed))
    await claimed.release()
  }

  async #remove({ id, artefacts }: Family, { at }: Claimed): Promise<void> {
    const key = this.#keys.blob(this.#sweep.tenant, id)
    if (!(await isStoredBefore(this.#client, key, this.#sweep.before))) return
    for (const artefact of artefacts) await deleteObject(this.#client, artefact)
    await deleteObject(this.#client, key, at)
    this.#removed += 1
  }
}

/** Removes a tenant's old blobs that nothing refers to, with their artefacts; returns how many blobs. */
export const sweepTenant = (sweep: Sweep): Promise<number> => new TenantSweep(sweep).run()

type Leftovers = { readonly client: S3Client; readonly prefix: string; readonly before: number }

/** Removes what uploads that nobody will finish have left. */
export const sweepUploads = async ({ client, prefix, before }: Leftovers): Promise<void> => {
  for await (const uploads of listUploads(client, prefix)) {
    const old = uploads.filter(({ begun }) => begun + SECOND_MS <= before)
    await each(old, async ({ key, uploadId }) => {
      await client.call({ method: 'DELETE', key, query: { uploadId }, mayBeAbsent: true })
    })
  }
  for await (const { objects } of listObjects(client, prefix)) {
    const old = objects.filter(({ modified }) => modified + SECOND_MS <= before)
    await each(old, ({ key }) => deleteObject(client, key))
  }
}
