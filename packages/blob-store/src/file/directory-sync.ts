import { closeSync, openSync } from 'node:fs'
import { syncFolder } from './files.ts'

// Opening and closing a folder that was just written to doesn't wait for the disk; the sync does.
const syncNow = async (folder: string): Promise<void> => {
  const fd = openSync(folder, 'r')
  try {
    await syncFolder(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes names in folders durable. All who ask while a sync of the same folder runs share the next one. */
export class DirectorySync {
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  /** Resolves when every name that was in the folder at the call is durable. */
  sync(folder: string): Promise<void> {
    const running = this.#running.get(folder)
    if (!running) return this.#start(folder)
    const waiting = this.#next.get(folder)
    if (waiting) return waiting
    const next = running.then(ignore, ignore).then(() => {
      this.#next.delete(folder)
      return this.#start(folder)
    })
    this.#next.set(folder, next)
    return next
  }

  #start(folder: string): Promise<void> {
    const sync = syncNow(folder).finally(() => {
      if (this.#running.get(folder) === sync) this.#running.delete(folder)
    })
    this.#running.set(folder, sync)
    return sync
  }
}

// A failed sync is the failure of those who waited for it, not of those after it.
const ignore = () => {}
