import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { terminal } from '@relais/service-kit/errors.ts'
import { storeFault } from '../faults.ts'

export type BackupOrder = { readonly source: string; readonly target: string }

/**
 * Writes one moment of a database, while it is read and written, to a file of the same name in a folder; on a thread of
 * its own. The file has its name only when it is whole and on disk. Returns its path.
 * Errors: BACKUP_EXISTS (terminal), STORE_FULL, STORE_UNAVAILABLE.
 */
export const backUp = async (source: string, folder: string): Promise<string> => {
  const target = join(folder, basename(source))
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (existsSync(target)) throw terminal('BACKUP_EXISTS', `${target} exists already`)
    const workerData: BackupOrder = { source, target }
    await once(new Worker(new URL('./thread.ts', import.meta.url), { name: 'backup', workerData }), 'exit')
  } catch (error) {
    throw storeFault(error)
  }
  return target
}
