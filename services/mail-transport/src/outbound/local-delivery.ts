import type { BlobStore } from '@relais/blob-store'
import { type HandOverDeps, handOver } from '../inbound/hand-over.ts'
import type { LocalRecipient } from '../inbound/recipients.ts'
import { replyTo } from '../inbound/replies.ts'
import { returnPathField } from '../inbound/trace.ts'
import type { QueueRow } from '../queries/queue.ts'
import type { Attempt } from './retry.ts'

export type LocalDeliveryDeps = HandOverDeps & { readonly blobs: BlobStore; readonly clock: () => number }

export type LocalRow = { readonly row: QueueRow; readonly recipient: LocalRecipient }

/** Delivers one submission to its recipients here; their attempts, in order. A repeat is the same delivery. */
export const deliverLocally = async (
  rows: readonly LocalRow[],
  deps: LocalDeliveryDeps,
): Promise<readonly Attempt[]> => {
  const [first] = rows
  if (first === undefined) return []
  const { tenant, blob, sender, submission } = first.row
  const outcome = await handOver(
    {
      sender,
      recipients: rows.map(({ recipient }) => recipient),
      message: withReturnPath(sender, deps.blobs.stream(tenant, blob)),
      receivedAt: deps.clock(),
      commandId: `submission:${tenant}:${submission}`,
    },
    deps,
  )
  return outcome.map(attemptOf)
}

async function* withReturnPath(
  sender: string,
  message: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(returnPathField(sender))
  yield* message
}

const attemptOf = (error: Error | undefined): Attempt => {
  if (error === undefined) return { outcome: 'delivered', route: 'local', reply: '2.0.0 delivered' }
  const { responseCode, message } = replyTo(error)
  return { outcome: responseCode >= 500 ? 'refused' : 'not-now', reply: `${responseCode} ${message}` }
}
