import { randomBytes } from 'node:crypto'
import { closeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DirectorySync } from './directory-sync.ts'
import { openFile, renameFile, syncFile, unlinkFile, writeAll } from './files.ts'
import { blobPath, shelfOf, TEMPORARY, tenantFolderName } from './names.ts'

/** Where a tenant's files lie, and how they get there whole and durable, or not at all. */
export class Place {
  readonly #folder: string
  readonly #directories: DirectorySync
  /** Folders whose own names are durable. */
  readonly #known = new Set<string>()

  constructor(folder: string, directories: DirectorySync) {
    this.#folder = folder
    this.#directories = directories
  }

  tenantFolder(tenant: string): string {
    return join(this.#folder, tenantFolderName(tenant))
  }

  /** Path for a temporary file of this tenant; its folder is there. */
  async temporary(tenant: string): Promise<string> {
    const folder = join(this.tenantFolder(tenant), TEMPORARY)
    await this.#ensure(folder)
    return join(folder, randomBytes(12).toString('hex'))
  }

  /** Writes, syncs and closes a temporary file; leaves nothing behind if that fails. */
  async writeTemporary(tenant: string, bytes: Uint8Array): Promise<string> {
    const path = await this.temporary(tenant)
    const fd = await openFile(path, 'wx')
    try {
      await writeAll(fd, bytes)
      await syncFile(fd)
    } catch (error) {
      closeSync(fd)
      await discard(path)
      throw error
    }
    closeSync(fd)
    return path
  }

  /** Gives a synced temporary file its name and makes the name durable. A blob of the same name has the same bytes. */
  async adopt(temporary: string, tenant: string, id: string): Promise<void> {
    const tenantFolder = this.tenantFolder(tenant)
    const shelf = join(tenantFolder, shelfOf(id))
    try {
      await this.#ensure(shelf)
      await renameFile(temporary, blobPath(tenantFolder, id))
    } catch (error) {
      await discard(temporary)
      throw error
    }
    await this.#directories.sync(shelf)
  }

  async #ensure(folder: string): Promise<void> {
    if (this.#known.has(folder)) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await this.#directories.sync(dirname(folder))
    await this.#directories.sync(this.#folder)
    this.#known.add(folder)
  }
}

/** Removes a file that may be gone already; a failure leaves it to the sweep. */
export const discard = (path: string): Promise<void> => unlinkFile(path).catch(() => {})
