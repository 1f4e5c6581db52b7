import { close, fdatasync, openSync } from 'node:fs'
import { storeFault } from './faults.ts'

/**
 * Makes what was committed durable, off this thread: all commits of one moment share one fdatasync of the
 * write-ahead log, which is what synchronous=FULL would do on this thread for each.
 */
export class GroupedSync {
  readonly #fd: number
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(walPath: string) {
    try {
      this.#fd = openSync(walPath, 'r')
    } catch (error) {
      throw storeFault(error)
    }
  }

  /** Resolves when everything written before the call is durable. */
  sync(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#next ??= this.#running.then(ignore, ignore).then(() => {
      this.#next = undefined
      return this.#start()
    })
    return this.#next
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next])
    await new Promise<void>((resolve, reject) =>
      close(this.#fd, (error) => (error ? reject(error) : resolve())),
    )
  }

  #start(): Promise<void> {
    const sync = new Promise<void>((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error ? reject(storeFault(error)) : resolve())),
    ).finally(() => {
      if (this.#running === sync) this.#running = undefined
    })
    this.#running = sync
    return sync
  }
}

const ignore = () => {}
