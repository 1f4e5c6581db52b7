import { randomUUID } from 'node:crypto'
import type {
  DeepPartial,
  DeliverHeader,
  DeliverRequest,
  DeliverResult,
  ExportResponse,
  ImportHeader,
  ImportRequest,
  ImportResponse,
  MailClient,
  ReadPartResponse,
  SubmitHeader,
  SubmitRequest,
  SubmitResponse,
} from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras, Identity } from '@relais/service-kit/call.ts'
import { asOwner, asTransport, MIKE, TENANT } from './harness.ts'

type Client = MailClient<CallExtras>

const CHUNK = 64 * 1024

export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}

export const bytesOf = (message: string | Uint8Array): Uint8Array =>
  typeof message === 'string' ? Buffer.from(message.replace(/\r?\n/g, '\r\n')) : message

/** Delivers a message to accounts and answers with what became of it for each. */
export const deliver = async (
  client: Client,
  message: string | Uint8Array,
  { header = {}, to = [MIKE], identity = asTransport() }: DeliverOptions = {},
): Promise<DeliverResult[]> => {
  const recipients = to.map((account) => ({ account, envelopeRecipient: `${account}@ox.io` }))
  const commandId = randomUUID()
  async function* requests(): AsyncGenerator<DeepPartial<DeliverRequest>, void> {
    yield { part: { $case: 'header', value: { tenant: TENANT, recipients, commandId, ...header } } }
    for (const value of chunksOf(bytesOf(message))) yield { part: { $case: 'chunk', value } }
  }
  const { results } = await client.deliver(requests(), { identity })
  return results
}

export type DeliverOptions = {
  readonly header?: DeepPartial<DeliverHeader>
  readonly to?: readonly string[]
  readonly identity?: Identity
}

export const submit = (
  client: Client,
  message: string | Uint8Array,
  header: DeepPartial<SubmitHeader> = {},
  identity = asOwner(),
): Promise<SubmitResponse> => {
  const named = { tenant: TENANT, account: MIKE, commandId: randomUUID(), saveInSent: true, ...header }
  async function* requests(): AsyncGenerator<DeepPartial<SubmitRequest>, void> {
    yield { part: { $case: 'header', value: named } }
    for (const value of chunksOf(bytesOf(message))) yield { part: { $case: 'chunk', value } }
  }
  return client.submit(requests(), { identity })
}

export type ToImport = { readonly message: string | Uint8Array; readonly header?: DeepPartial<ImportHeader> }

export const importMessages = (
  client: Client,
  messages: readonly ToImport[],
  identity = asOwner(),
): Promise<ImportResponse> => {
  async function* requests(): AsyncGenerator<DeepPartial<ImportRequest>, void> {
    for (const { message, header = {} } of messages) {
      yield { part: { $case: 'header', value: { tenant: TENANT, account: MIKE, ...header } } }
      for (const value of chunksOf(bytesOf(message))) yield { part: { $case: 'chunk', value } }
    }
  }
  return client.import(requests(), { identity, timeoutMs: 60_000 })
}

export type Exported = { readonly path: readonly string[]; readonly seen: boolean; readonly bytes: Buffer }

export const exportAll = async (client: Client, identity = asOwner()): Promise<Exported[]> => {
  const found: { path: readonly string[]; seen: boolean; chunks: Uint8Array[] }[] = []
  const account = identity.principal
  const stream: AsyncIterable<ExportResponse> = client.export({ tenant: TENANT, account }, { identity })
  for await (const { part } of stream) {
    if (part?.$case === 'header') {
      found.push({ path: part.value.path, seen: part.value.state?.seen ?? false, chunks: [] })
    } else if (part) found.at(-1)!.chunks.push(part.value)
  }
  return found.map(({ path, seen, chunks }) => ({ path, seen, bytes: Buffer.concat(chunks) }))
}

export type ReadBack = {
  readonly type: string
  readonly name: string
  readonly total: number
  readonly bytes: Buffer
}

export const readPart = async (
  client: Client,
  request: { placement: number; part?: string; offset?: number; length?: number; asText?: boolean },
  identity = asOwner(),
): Promise<ReadBack> => {
  const account = identity.principal
  const stream: AsyncIterable<ReadPartResponse> = client.readPart(
    { tenant: identity.tenant, account, ...request },
    { identity },
  )
  let header = { type: '', name: '', total: -1 }
  const chunks: Uint8Array[] = []
  for await (const { part } of stream) {
    if (part?.$case === 'header') header = part.value
    else if (part) chunks.push(part.value)
  }
  return { ...header, bytes: Buffer.concat(chunks) }
}

export const plain = (subject: string, fields = '', body = 'Hello'): string =>
  `From: Anna <anna@ox.io>\nTo: mike@ox.io\nSubject: ${subject}\nMessage-ID: <${randomUUID()}@ox.io>\n${fields}\n${body}\n`
