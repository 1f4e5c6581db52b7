import type { BlobRef, BlobStore } from '@relais/blob-store'
import { isCoded } from '@relais/service-kit/errors.ts'
import type { MimeWorkers } from '../mime/workers/pool.ts'

/** Name of the artefact. */
const SEARCH_TEXT = 'search'

/** Texts that wait in memory, in bytes: some seconds of arrivals at hundreds a second. */
const WAITING_BYTES = 8 * 1024 * 1024

/** A longer message isn't read a second time for its text. */
const REMADE_BYTES = 256 * 1024

export type SearchTextsDeps = {
  readonly blobs: BlobStore
  readonly parser: Pick<MimeWorkers, 'parse'>
  /** Default 8 MiB. */
  readonly waitingBytes?: number
}

/**
 * Texts of messages on their way into the search index, which comes a second later: they wait in memory. One that didn't stay there (a
 * restart, too many at once, an index that is made anew) is made again of its message. Only of long messages, and of those that come in
 * bulk, it lies beside the blob: each object costs a request, and money where requests do.
 */
export class SearchTexts {
  readonly #deps: SearchTextsDeps
  /** The oldest first. */
  readonly #waiting = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(deps: SearchTextsDeps) {
    this.#deps = deps
  }

  /** Of a message that was just stored. Errors: those of the blob store. */
  async keep(
    { tenant, blob, inBulk }: { readonly tenant: string; readonly blob: BlobRef; readonly inBulk: boolean },
    text: Uint8Array,
  ): Promise<void> {
    if (inBulk || blob.size > REMADE_BYTES)
      await this.#deps.blobs.putArtefact(tenant, blob.id, SEARCH_TEXT, text)
    else this.#wait(keyOf(tenant, blob), text)
  }

  /** Undefined where nothing of the message can be read. Errors: those of the blob store that may pass. */
  async of(tenant: string, blob: BlobRef): Promise<Uint8Array | undefined> {
    return (
      this.#waiting.get(keyOf(tenant, blob)) ??
      (await this.#deps.blobs.getArtefact(tenant, blob.id, SEARCH_TEXT)) ??
      (await this.#madeAgain(tenant, blob))
    )
  }

  async #madeAgain(tenant: string, { id, size }: BlobRef): Promise<Uint8Array | undefined> {
    if (size > REMADE_BYTES) return undefined
    const { blobs, parser } = this.#deps
    try {
      return (await parser.parse(blobs.stream(tenant, id))).searchText
    } catch (error) {
      if (isCoded(error) && !error.retryable) return undefined
      throw error
    }
  }

  #wait(key: string, text: Uint8Array) {
    this.#forget(key)
    this.#waiting.set(key, text)
    this.#bytes += text.length
    for (const oldest of this.#waiting.keys()) {
      if (this.#bytes <= (this.#deps.waitingBytes ?? WAITING_BYTES)) return
      this.#forget(oldest)
    }
  }

  #forget(key: string) {
    this.#bytes -= this.#waiting.get(key)?.length ?? 0
    this.#waiting.delete(key)
  }
}

const keyOf = (tenant: string, { id }: BlobRef) => `${tenant}/${id}`
