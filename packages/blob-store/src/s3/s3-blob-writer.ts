import { createHash } from 'node:crypto'
import { terminal } from '@relais/service-kit/errors.ts'
import { writerClosed } from '../errors.ts'
import type { BlobRef, BlobWriter } from '../port.ts'
import { MAX_UPLOAD_BYTES, PART_BYTES, type Upload } from './upload.ts'

/** What a writer asks of its store. */
export type WriterDeps = {
  beginUpload(): Promise<Upload>
  /** Stores small content under its name. */
  putWhole(id: string, bytes: Uint8Array): Promise<void>
  /** Copies joined content to its name. */
  publish(id: string, upload: Upload): Promise<void>
  closed(writer: S3BlobWriter): void
}

/** Writes one blob: up to a part's size at `commit`, more in parts as they fill. */
export class S3BlobWriter implements BlobWriter {
  readonly #deps: WriterDeps
  readonly #sum = createHash('sha256')
  #held: Uint8Array[] = []
  #heldBytes = 0
  #size = 0
  #upload: Upload | undefined
  #open = true
  #last: Promise<void> = Promise.resolve()

  constructor(deps: WriterDeps) {
    this.#deps = deps
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#take(chunk))
  }

  commit(): Promise<BlobRef> {
    return this.#inTurn(() => this.#finish())
  }

  async abort(): Promise<void> {
    await this.#last
    if (this.#open) await this.#discard()
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
      await this.#discard()
      throw error
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    this.#sum.update(chunk)
    this.#size += chunk.length
    if (this.#size > MAX_UPLOAD_BYTES) throw tooLarge()
    for (let rest = chunk; rest.length > 0; ) {
      const fitting = rest.subarray(0, PART_BYTES - this.#heldBytes)
      if (fitting.length === 0) await this.#send()
      this.#held.push(new Uint8Array(fitting))
      this.#heldBytes += fitting.length
      rest = rest.subarray(fitting.length)
    }
  }

  async #send(): Promise<void> {
    this.#upload ??= await this.#deps.beginUpload()
    await this.#upload.add(this.#takeHeld())
  }

  #takeHeld(): Uint8Array {
    const held = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    return held
  }

  async #finish(): Promise<BlobRef> {
    const id = this.#sum.digest('hex')
    if (this.#upload) await this.#finishUpload(id, this.#upload)
    else await this.#deps.putWhole(id, this.#takeHeld())
    this.#close()
    return { id, size: this.#size }
  }

  async #finishUpload(id: string, upload: Upload): Promise<void> {
    await this.#send()
    await upload.join()
    await this.#deps.publish(id, upload)
    await upload.remove().catch(nothing) // the sweep will
  }

  async #discard(): Promise<void> {
    const upload = this.#upload
    this.#close()
    await upload?.remove().catch(nothing)
  }

  #close(): void {
    this.#open = false
    this.#held = []
    this.#upload = undefined
    this.#deps.closed(this)
  }
}

const nothing = () => {}

const tooLarge = () => terminal('BLOB_TOO_LARGE', 'content on S3 is at most 5 GiB')
