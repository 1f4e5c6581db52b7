import type { BlobRef, BlobStore, BlobWriter } from '@relais/blob-store'
import { terminal } from '@relais/service-kit/errors.ts'
import type { Limits } from '../limits.ts'
import type { ParsedMessage } from '../mime/parsed-message.ts'
import type { MimeJob, MimeWorkers } from '../mime/workers/pool.ts'

/** A message whose bytes are stored, durably, and whose structure is known. */
export type Ingested = { readonly blob: BlobRef; readonly parsed: ParsedMessage }

/** Name of the artefact that the search index is made of. */
export const SEARCH_TEXT = 'search'

export type IngestDeps = {
  readonly blobs: BlobStore
  readonly parser: Pick<MimeWorkers, 'start'>
  readonly limits: Pick<Limits, 'messageBytes'>
}

/** Stores and parses one message in one pass, in memory that doesn't grow with it. */
export class Ingest {
  private readonly deps: IngestDeps
  private readonly tenant: string
  private readonly writer: BlobWriter
  private readonly job: MimeJob
  private size = 0

  private constructor(deps: IngestDeps, tenant: string, writer: BlobWriter) {
    this.deps = deps
    this.tenant = tenant
    this.writer = writer
    this.job = deps.parser.start()
  }

  static async open(deps: IngestDeps, tenant: string): Promise<Ingest> {
    return new Ingest(deps, tenant, await deps.blobs.writer(tenant))
  }

  /** Errors: MESSAGE_TOO_LARGE, those of the blob store. */
  async write(chunk: Uint8Array): Promise<void> {
    this.size += chunk.length
    if (this.size > this.deps.limits.messageBytes) throw tooLarge(this.deps.limits.messageBytes)
    await Promise.all([this.writer.write(chunk), this.job.write(chunk)])
  }

  /** Resolves when the bytes are durable. */
  async finish(): Promise<Ingested> {
    if (this.size === 0) throw terminal('MESSAGE_EMPTY', 'the message has no bytes')
    const [blob, { message, searchText }] = await Promise.all([this.writer.commit(), this.job.end()])
    await this.deps.blobs.putArtefact(this.tenant, blob.id, SEARCH_TEXT, searchText)
    return { blob, parsed: message }
  }

  async abort(): Promise<void> {
    this.job.abort()
    await this.writer.abort()
  }
}

type Source = { readonly tenant: string; readonly chunks: AsyncIterable<Uint8Array> }

/** All chunks of one message. */
export const ingest = async (deps: IngestDeps, { tenant, chunks }: Source): Promise<Ingested> => {
  const message = await Ingest.open(deps, tenant)
  try {
    for await (const chunk of chunks) await message.write(chunk)
    return await message.finish()
  } catch (error) {
    await message.abort()
    throw error
  }
}

const tooLarge = (limit: number) => terminal('MESSAGE_TOO_LARGE', `a message has at most ${limit} bytes`)
