import type { BlobRef } from '@relais/blob-store'
import type { Prepared } from '../submission/prepare.ts'
import { headerBytes, isEightBit, needsUtf8 } from '../submission/split-message.ts'
import { Ingest, type IngestDeps, type Ingested } from './ingest.ts'

export type Written = {
  readonly prepared: Prepared
  /** What is sent. */
  readonly sent: BlobRef
  /** What the owner keeps: with Bcc, where there was one. */
  readonly saved: Ingested
  readonly bodyKind: '7bit' | '8bitmime'
  readonly smtputf8: boolean
}

type Writing = {
  readonly tenant: string
  readonly prepared: Prepared
  readonly body: AsyncIterable<Uint8Array>
}

/** Stores both forms of a submission in one pass over its body. */
export const writeSubmission = async (
  deps: IngestDeps,
  { tenant, prepared, body }: Writing,
): Promise<Written> => {
  const saved = await Ingest.open(deps, { tenant })
  const sent = prepared.sent === prepared.saved ? undefined : await deps.blobs.writer(tenant)
  try {
    await saved.write(headerBytes(prepared.saved))
    await sent?.write(headerBytes(prepared.sent))
    let eightBit = false
    for await (const chunk of body) {
      eightBit ||= isEightBit(chunk)
      await saved.write(chunk)
      await sent?.write(chunk)
    }
    const kept = await saved.finish()
    const smtputf8 = needsUtf8(prepared.sent, [prepared.sender, ...prepared.recipients])
    return {
      prepared,
      saved: kept,
      sent: sent ? await sent.commit() : kept.blob,
      bodyKind: eightBit || smtputf8 ? '8bitmime' : '7bit',
      smtputf8,
    }
  } catch (error) {
    await Promise.all([saved.abort(), sent?.abort()])
    throw error
  }
}
