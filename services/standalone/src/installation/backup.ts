import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { FileBlobs } from '@relais/blob-store'
import type { SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import type { BackupResponse } from '@relais/proto/standalone/v1/installation.ts'
import type { DataFolder } from '../data-folder.ts'
import type { BackedUp } from '../relais.ts'

export type BackupSource = {
  readonly data: DataFolder
  readonly log: SqliteLog
  readonly blobs: FileBlobs
  readonly stores: readonly BackedUp[]
}

type Found = { readonly file: string; readonly path: string }

/**
 * Everything that can't be built anew, of one moment: marker, keys, the services' own stores, the log, and then the blobs. A blob is
 * written before the commit that names it, so copying blobs last has every blob that the copied log names. Rows are left out.
 */
export async function* backup({ data, log, blobs, stores }: BackupSource): AsyncGenerator<BackupResponse> {
  const snapshot = await mkdtemp(join(data.folder('tmp'), 'backup-'))
  const total = { files: 0, bytes: 0 }
  try {
    for (const store of stores) await store.backupTo(snapshot)
    await log.backupTo(join(snapshot, 'log.sqlite'))
    const position = await log.head({})
    for await (const found of filesOf({ data, blobs, snapshot })) yield* sent(found, total)
    yield { part: { $case: 'end', value: { ...total, position } } }
  } finally {
    await rm(snapshot, { recursive: true, force: true })
  }
}

type Places = { readonly data: DataFolder; readonly blobs: FileBlobs; readonly snapshot: string }

async function* filesOf({ data, blobs, snapshot }: Places): AsyncGenerator<Found> {
  yield { file: join(data.path, 'relais.json'), path: 'relais.json' }
  for (const name of await readdir(data.folder('keys')))
    yield { file: join(data.folder('keys'), name), path: `keys/${name}` }
  for (const name of await readdir(snapshot))
    yield { file: join(snapshot, name), path: name === 'log.sqlite' ? 'log/log.sqlite' : `stores/${name}` }
  for (const tenant of await blobs.tenants())
    for await (const { path } of blobs.list(tenant)) yield inDataFolder(data, path)
}

const inDataFolder = (data: DataFolder, path: string): Found => {
  const file = path.startsWith(data.path) ? path : join(data.folder('blobs'), path)
  return { file, path: relative(data.path, file).split(sep).join('/') }
}

type Total = { files: number; bytes: number }

/** A blob that the sweeper takes meanwhile was named by nothing. */
async function* sent({ file, path }: Found, total: Total): AsyncGenerator<BackupResponse> {
  const size = await sizeOf(file)
  if (size === undefined) return
  yield { part: { $case: 'file', value: { path, size } } }
  total.files += 1
  if (size === 0) return
  for await (const chunk of createReadStream(file, { end: size - 1 })) {
    total.bytes += chunk.length
    yield { part: { $case: 'chunk', value: chunk } }
  }
}

const sizeOf = async (file: string): Promise<number | undefined> => {
  try {
    return (await stat(file)).size
  } catch {
    return undefined
  }
}
