import type { BlobRef, BlobStore, BlobWriter } from '@relais/blob-store'
import { terminal } from '@relais/service-kit/errors.ts'
import type { Limits } from '../limits.ts'
import type { ParsedMessage } from '../mime/parsed-message.ts'
import type { MimeJob, MimeWorkers } from '../mime/workers/pool.ts'
import type { SearchTexts } from './search-texts.ts'

/** A message whose bytes are stored, durably, and whose structure is known. */
export type Ingested = { readonly blob: BlobRef; readonly parsed: ParsedMessage }

export type IngestDeps = {
  readonly blobs: Pick<BlobStore, 'writer'>
  readonly searchTexts: Pick<SearchTexts, 'keep'>
  readonly parser: Pick<MimeWorkers, 'start'>
  readonly limits: Pick<Limits, 'messageBytes'>
}

type Into = {
  readonly tenant: string
  /** One of so many that the search index can't keep up. */
  readonly inBulk?: boolean
}

/** Stores and parses one message in one pass, in memory that doesn't grow with it. */
export class Ingest {
  private readonly deps: IngestDeps
  private readonly into: Into
  private readonly writer: BlobWriter
  private readonly job: MimeJob
  private size = 0

  private constructor(deps: IngestDeps, into: Into, writer: BlobWriter) {
    this.deps = deps
    this.into = into
    this.writer = writer
    this.job = deps.parser.start()
  }

  static async open(deps: IngestDeps, into: Into): Promise<Ingest> {
    return new Ingest(deps, into, await deps.blobs.writer(into.tenant))
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
    const { tenant, inBulk = false } = this.into
    await this.deps.searchTexts.keep({ tenant, blob, inBulk }, searchText)
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
  const message = await Ingest.open(deps, { tenant })
  try {
    for await (const chunk of chunks) await message.write(chunk)
    return await message.finish()
  } catch (error) {
    await message.abort()
    throw error
  }
}

const tooLarge = (limit: number) => terminal('MESSAGE_TOO_LARGE', `a message has at most ${limit} bytes`)
