import { readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../errors.ts'
import { unlinkFile } from './files.ts'
import { blobPath, parseBlobFileName, SHELVES, TEMPORARY } from './names.ts'

export type IsReferenced = (ids: readonly string[]) => Promise<ReadonlySet<string>>

const BATCH = 256
const TAKEN = 'taken-'

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error) => {
    if (isMissing(error)) return []
    throw error
  })

const isOlder = async (path: string, before: number): Promise<boolean> => {
  try {
    return (await stat(path)).mtimeMs < before
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

const renameIfThere = async (from: string, to: string): Promise<boolean> => {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

const removeIfThere = async (path: string): Promise<void> => {
  try {
    await unlinkFile(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Ends what a crash left: a taken blob goes back to its shelf, writes that nobody will finish go. */
export const sweepTemporary = async (tenantFolder: string, before: number): Promise<void> => {
  const folder = join(tenantFolder, TEMPORARY)
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    if (name.startsWith(TAKEN)) await renameIfThere(path, blobPath(tenantFolder, name.slice(TAKEN.length)))
    else if (await isOlder(path, before)) await removeIfThere(path)
  }
}

/**
 * Removes a blob that was old a moment ago. Whoever stores the same content meanwhile puts a new file in its
 * place: either after it was taken away, or before; then what was taken is young, and goes back.
 */
const removeBlob = async (tenantFolder: string, id: string, before: number): Promise<boolean> => {
  const path = blobPath(tenantFolder, id)
  const taken = join(tenantFolder, TEMPORARY, TAKEN + id)
  if (!(await renameIfThere(path, taken))) return false
  if (await isOlder(taken, before)) {
    await removeIfThere(taken)
    return true
  }
  await renameIfThere(taken, path)
  return false
}

type Shelf = { readonly blobs: string[]; readonly artefacts: { id: string; path: string }[] }

const readShelf = async (tenantFolder: string, shelf: string): Promise<Shelf> => {
  const found: Shelf = { blobs: [], artefacts: [] }
  const folder = join(tenantFolder, shelf)
  for (const name of await namesIn(folder)) {
    const parsed = parseBlobFileName(name)
    if (!parsed) continue
    if (parsed.artefact === undefined) found.blobs.push(parsed.id)
    else found.artefacts.push({ id: parsed.id, path: join(folder, name) })
  }
  return found
}

const oldOnes = async (tenantFolder: string, ids: readonly string[], before: number): Promise<string[]> => {
  const old = await Promise.all(ids.map((id) => isOlder(blobPath(tenantFolder, id), before)))
  return ids.filter((_, at) => old[at])
}

type Sweep = { readonly tenantFolder: string; readonly isReferenced: IsReferenced; readonly before: number }

const sweepBatch = async ({ tenantFolder, isReferenced, before }: Sweep, ids: readonly string[]) => {
  const gone = new Set<string>()
  const old = await oldOnes(tenantFolder, ids, before)
  if (old.length === 0) return gone
  const referenced = await isReferenced(old)
  for (const id of old) {
    if (!referenced.has(id) && (await removeBlob(tenantFolder, id, before))) gone.add(id)
  }
  return gone
}

const sweepShelf = async (sweep: Sweep, name: string): Promise<number> => {
  const shelf = await readShelf(sweep.tenantFolder, name)
  const kept = new Set(shelf.blobs)
  for (let at = 0; at < shelf.blobs.length; at += BATCH) {
    for (const id of await sweepBatch(sweep, shelf.blobs.slice(at, at + BATCH))) kept.delete(id)
  }
  for (const { id, path } of shelf.artefacts) if (!kept.has(id)) await removeIfThere(path)
  return shelf.blobs.length - kept.size
}

/** Removes a tenant's old blobs that nothing refers to, with their artefacts; returns how many blobs. */
export const sweepTenant = async (sweep: Sweep): Promise<number> => {
  await sweepTemporary(sweep.tenantFolder, sweep.before)
  let removed = 0
  for (const shelf of SHELVES) removed += await sweepShelf(sweep, shelf)
  return removed
}
