import type { BlobStore } from '@relais/blob-store'
import type { EventLog } from '@relais/event-log'
import {
  Account,
  type DirectoryClient,
  DirectoryDefinition,
  type ResolvedAddress,
} from '@relais/proto/directory/v1/directory.ts'
import { MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import { type MailClient, MailDefinition, type SubmitHeader } from '@relais/proto/mail/v1/mail.ts'
import {
  type CallExtras,
  createLocalClient,
  type Implementation,
  type ServiceDefinition,
  terminal,
} from '@relais/service-kit'

/** A message that arrived in a mailbox. */
export type Arrived = { readonly account: string; readonly sender: string; readonly text: string }

/**
 * The two services that mail-transport talks to, at the other end of the real client: they keep the contract's promises (one delivery
 * per command id, a submission is a commit) and nothing more. The real ones are tried in services/standalone.
 */
export type Neighbours = {
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly arrived: Arrived[]
  readonly submitted: SubmitHeader[]
  /** Deliveries to this account fail with this error until it is deleted. */
  readonly failing: Map<string, Error>
}

export const ACCOUNTS = [
  {
    tenant: 'acme',
    account: 'anna',
    address: 'anna@acme.example',
    aliases: ['a@acme.example'],
    state: 'active',
  },
  { tenant: 'acme', account: 'ben', address: 'ben@acme.example', aliases: [], state: 'active' },
  { tenant: 'acme', account: 'sue', address: 'sue@acme.example', aliases: [], state: 'suspended' },
  { tenant: 'beta', account: 'bob', address: 'bob@beta.example', aliases: [], state: 'active' },
].map((account) => Account.fromPartial(account))

const OURS = ['acme.example', 'beta.example']

type NeighbourDeps = { readonly log: EventLog; readonly blobs: BlobStore; readonly clock: () => number }

export const createNeighbours = ({ log, blobs, clock }: NeighbourDeps): Neighbours => {
  const world = {
    arrived: [] as Arrived[],
    submitted: [] as SubmitHeader[],
    failing: new Map<string, Error>(),
  }
  const directory = directoryImplementation()
  const mail = mailImplementation({ log, blobs, clock }, world)
  return {
    ...world,
    directory: createLocalClient(DirectoryDefinition, complete(DirectoryDefinition, directory)),
    mail: createLocalClient(MailDefinition, complete(MailDefinition, mail)),
  }
}

/** Calls that mail-transport has no business to make are refused. */
const complete = <Definition extends ServiceDefinition>(definition: Definition, some: object) => {
  const refuse = async () => {
    throw terminal('UNIMPLEMENTED', 'mail-transport does not call this')
  }
  const all = Object.keys(definition.methods).map((name) => [name, refuse] as const)
  return { ...Object.fromEntries(all), ...some } as unknown as Implementation<Definition>
}

const directoryImplementation = () => ({
  resolveAddresses: async ({ addresses }: { addresses: string[] }) => ({ addresses: addresses.map(resolve) }),
  signIn: async ({ login, password, scope }: { login: string; password: string; scope: string }) => {
    const account = ACCOUNTS.find(({ address }) => address === login)
    if (account === undefined || password !== 'correct' || scope !== 'submission')
      throw terminal('BAD_CREDENTIALS', 'wrong name or password')
    return { account, appPassword: '', expiresAt: 0 }
  },
})

const resolve = (address: string): ResolvedAddress => {
  const [local = '', domain = ''] = address.toLowerCase().split('@')
  const [name = '', detail = ''] = local.split('+')
  if (!OURS.includes(domain)) return { address, kind: 'foreign', account: undefined, detail: '' }
  const plain = `${name}@${domain}`
  const account = ACCOUNTS.find((each) => each.address === plain || each.aliases.includes(plain))
  return { address, kind: account === undefined ? 'no_account' : 'account', account, detail }
}

type World = Pick<Neighbours, 'arrived' | 'submitted' | 'failing'>
type Part<Header> = {
  part?: { $case: 'header'; value: Header } | { $case: 'chunk'; value: Uint8Array } | undefined
}

const gathered = async <Header>(request: AsyncIterable<Part<Header>>) => {
  let header: Header | undefined
  const chunks: Uint8Array[] = []
  for await (const { part } of request) {
    if (part?.$case === 'header') header = part.value
    else if (part?.$case === 'chunk') chunks.push(part.value)
  }
  if (header === undefined) throw terminal('INVALID_ARGUMENT', 'no header')
  return { header, bytes: Buffer.concat(chunks) }
}

type DeliverHeader = { commandId: string; envelopeSender: string; recipients: { account: string }[] }

const mailImplementation = ({ log, blobs, clock }: NeighbourDeps, { arrived, submitted, failing }: World) => {
  const done = new Set<string>()
  const deliverOne = (account: string, { commandId, envelopeSender }: DeliverHeader, bytes: Buffer) => {
    const problem = failing.get(account)
    if (problem !== undefined) {
      const { code = 'INTERNAL', retryable = true } = problem as { code?: string; retryable?: boolean }
      return { account, position: 0, code, reason: problem.message, retryable }
    }
    const key = `${commandId}|${account}`
    if (!done.has(key)) arrived.push({ account, sender: envelopeSender, text: bytes.toString('latin1') })
    done.add(key)
    return { account, position: arrived.length, code: '', reason: '', retryable: false }
  }
  return {
    deliver: async (request: AsyncIterable<Part<DeliverHeader>>) => {
      const { header, bytes } = await gathered(request)
      return { results: header.recipients.map(({ account }) => deliverOne(account, header, bytes)) }
    },
    submit: async (request: AsyncIterable<Part<SubmitHeader>>) => {
      const { header, bytes } = await gathered(request)
      submitted.push(header)
      const blob = await blobs.put(header.tenant, bytes)
      const payload = MessageSubmitted.fromPartial({
        blob: blob.id,
        size: blob.size,
        sender: header.envelopeSender,
        recipients: header.envelopeRecipients,
        messageId: /^message-id: *(\S+)/im.exec(bytes.toString('latin1'))?.[1] ?? '',
      })
      const appended = await log.append({
        stream: { tenant: header.tenant, account: header.account, service: 'mail' },
        events: [
          { type: 'MessageSubmitted', version: 1, payload: MessageSubmitted.encode(payload).finish() },
        ],
        commandId: header.commandId,
        actor: { kind: 'account', id: header.account, device: '' },
        principal: header.account,
        at: clock(),
      })
      return { position: appended.position, repeated: appended.repeated }
    },
  }
}
