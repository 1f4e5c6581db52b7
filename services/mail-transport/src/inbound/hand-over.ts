import type { DeliverRequest, DeliverResult, MailClient } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, type Identity, RelaisError } from '@relais/service-kit'
import { byTenant, deliverTo, type LocalRecipient } from './recipients.ts'
import { spooled } from './spool.ts'
import { wholeChunks } from './whole-chunks.ts'

export type Incoming = {
  /** '' for a null sender. */
  readonly sender: string
  readonly recipients: readonly LocalRecipient[]
  readonly message: AsyncIterable<Uint8Array>
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** The same id again is the same delivery. */
  readonly commandId: string
}

export type HandOverDeps = {
  readonly mail: MailClient<CallExtras>
  /** Folder for messages that go to several tenants. */
  readonly spoolFolder: string
}

/** Per recipient, in their order: undefined if it is durably in the mailbox, or why it isn't. */
export type Outcome = readonly (Error | undefined)[]

const DELIVERY_MS = 300_000

/** Gives a message to mail, once for each tenant. Errors of one tenant don't touch another's recipients. */
export const handOver = async (incoming: Incoming, { mail, spoolFolder }: HandOverDeps): Promise<Outcome> => {
  const tenants = [...byTenant(incoming.recipients)]
  const [only] = tenants
  if (tenants.length === 1 && only !== undefined)
    return inOrder(incoming, await deliverOne(only, incoming, { mail, message: incoming.message }))
  return spooled(spoolFolder, incoming.message, async (read) => {
    const results = await Promise.all(
      tenants.map((tenant) => deliverOne(tenant, incoming, { mail, message: read() })),
    )
    return inOrder(incoming, new Map(results.flatMap((result) => [...result])))
  })
}

type Failures = ReadonlyMap<string, Error>
type Delivery = { readonly mail: MailClient<CallExtras>; readonly message: AsyncIterable<Uint8Array> }

const deliverOne = async (
  [tenant, recipients]: readonly [string, readonly LocalRecipient[]],
  incoming: Incoming,
  { mail, message }: Delivery,
): Promise<Failures> => {
  try {
    const identity: Identity = {
      tenant,
      principal: '',
      actor: { kind: 'service', id: 'mail-transport', device: '' },
    }
    const requests = deliverRequests(tenant, recipients, { ...incoming, message })
    const { results } = await mail.deliver(requests, { identity, timeoutMs: DELIVERY_MS })
    return new Map(
      results
        .filter(({ code }) => code !== '')
        .map((result) => [keyOf(tenant, result.account), failure(result)]),
    )
  } catch (error) {
    return new Map(recipients.map(({ account }) => [keyOf(tenant, account), asError(error)]))
  }
}

async function* deliverRequests(
  tenant: string,
  recipients: readonly LocalRecipient[],
  { sender, receivedAt, commandId, message }: Incoming,
): AsyncGenerator<DeliverRequest> {
  const header = { tenant, envelopeSender: sender, recipients: deliverTo(recipients), receivedAt, commandId }
  yield { part: { $case: 'header', value: header } }
  for await (const chunk of wholeChunks(message)) yield { part: { $case: 'chunk', value: chunk } }
}

const inOrder = ({ recipients }: Incoming, failures: Failures): Outcome =>
  recipients.map(({ tenant, account }) => failures.get(keyOf(tenant, account)))

const keyOf = (tenant: string, account: string) => `${tenant}/${account}`

const failure = ({ code, reason, retryable }: DeliverResult) => new RelaisError(code, reason, retryable)

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)))
