import { createHash, hash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { storeError, writerClosed } from '../errors.ts'
import type { BlobRef, BlobWriter } from '../port.ts'
import { openFile, syncFile, writeAll } from './files.ts'
import { discard, type Place } from './place.ts'

/** Content up to this size waits in memory and is written in one go. */
const IN_MEMORY_BYTES = 256 * 1024

type Spill = { readonly path: string; readonly fd: number }

/** Writes one blob: small ones at `commit`, large ones chunk by chunk into a temporary file. */
export class FileBlobWriter implements BlobWriter {
  readonly #place: Place
  readonly #tenant: string
  readonly #closed: (writer: FileBlobWriter) => void
  readonly #sum = createHash('sha256')
  #held: Uint8Array[] = []
  #size = 0
  #spill: Spill | undefined
  #open = true
  #last: Promise<void> = Promise.resolve()

  constructor(place: Place, tenant: string, closed: (writer: FileBlobWriter) => void) {
    this.#place = place
    this.#tenant = tenant
    this.#closed = closed
  }

  /** The caller may use the chunk's memory again at once only after this has resolved. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#take(chunk))
  }

  commit(): Promise<BlobRef> {
    return this.#inTurn(() => this.#finish())
  }

  async abort(): Promise<void> {
    await this.#last
    if (this.#open) await this.#discardAll()
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#guarded(step))
    this.#last = turn.then(nothing, nothing)
    return turn
  }

  async #guarded<T>(step: () => Promise<T>): Promise<T> {
    if (!this.#open) throw writerClosed()
    try {
      return await step()
    } catch (error) {
      await this.#discardAll()
      throw storeError(error)
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    this.#sum.update(chunk)
    this.#size += chunk.length
    if (this.#spill) return writeAll(this.#spill.fd, chunk)
    this.#held.push(new Uint8Array(chunk))
    if (this.#size > IN_MEMORY_BYTES) await this.#spillOver()
  }

  async #spillOver(): Promise<void> {
    const path = await this.#place.temporary(this.#tenant)
    this.#spill = { path, fd: await openFile(path, 'wx') }
    const held = this.#held
    this.#held = []
    await writeAll(this.#spill.fd, Buffer.concat(held))
  }

  async #finish(): Promise<BlobRef> {
    const id = this.#sum.digest('hex')
    const temporary = this.#spill
      ? await this.#syncedSpill(this.#spill)
      : await this.#place.writeTemporary(this.#tenant, Buffer.concat(this.#held))
    await this.#place.adopt(temporary, this.#tenant, id)
    this.#close()
    return { id, size: this.#size }
  }

  async #syncedSpill(spill: Spill): Promise<string> {
    await syncFile(spill.fd)
    this.#spill = undefined
    closeSync(spill.fd)
    return spill.path
  }

  async #discardAll(): Promise<void> {
    const spill = this.#spill
    this.#close()
    if (!spill) return
    closeSync(spill.fd)
    await discard(spill.path)
  }

  #close(): void {
    this.#open = false
    this.#held = []
    this.#spill = undefined
    this.#closed(this)
  }
}

const nothing = () => {}

/** Stores content that is in memory already. */
export const putBytes = async (place: Place, tenant: string, bytes: Uint8Array): Promise<BlobRef> => {
  const id = hash('sha256', bytes, 'hex')
  try {
    await place.adopt(await place.writeTemporary(tenant, bytes), tenant, id)
  } catch (error) {
    throw storeError(error)
  }
  return { id, size: bytes.length }
}
