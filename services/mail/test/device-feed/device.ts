import type {
  DeepPartial,
  MailClient,
  SyncCollectionRequest,
  SyncCollectionResponse,
  SyncCommand,
  SyncOperation,
} from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit/call.ts'
import {
  answered,
  answeredFirst,
  answeredQuiet,
  type CollectionState,
  cursorFromWire,
  cursorToWire,
  firstGeneration,
  hashKey,
  listFromWire,
  listToWire,
  NOTHING_KNOWN,
  packKey,
  present,
  unpackKey,
} from '@relais/sync-state'
import { asOwner, TENANT } from '../harness.ts'

export type Ask = DeepPartial<SyncCollectionRequest> & { readonly mailbox?: string; readonly now?: number }

/** A phone and its device row, as device-sync keeps it, in front of mail. */
export class TestDevice {
  readonly client: MailClient<CallExtras>
  readonly account: string
  readonly name: string
  /** The keys it holds, by mailbox. */
  readonly keys = new Map<string, string>()
  readonly states = new Map<string, CollectionState>()
  /** Placements it holds, by mailbox. */
  readonly held = new Map<string, Map<number, SyncOperation>>()

  constructor(client: MailClient<CallExtras>, { account, name }: { account: string; name: string }) {
    this.client = client
    this.account = account
    this.name = name
  }

  get identity() {
    return asOwner(this.account, TENANT, this.name)
  }

  key(mailbox = 'inbox'): string {
    return this.keys.get(mailbox) ?? '0'
  }

  ids(mailbox = 'inbox'): number[] {
    return [...(this.held.get(mailbox)?.keys() ?? [])]
  }

  /** One mailbox's part of a request under the key that it holds, or under another. */
  compose(
    { mailbox = 'inbox', now = Date.now(), ...ask }: Ask,
    key = this.key(mailbox),
  ): DeepPartial<SyncCollectionRequest> {
    const cursor = unpackKey(key)
    const common = { window: 100, getChanges: true, epoch: 1, options: { withBody: false }, ...ask, mailbox }
    if (cursor === undefined) return { ...common, generation: firstGeneration(this.states.get(mailbox), now) }
    const presented = present(this.states.get(mailbox), key, cursor)
    if (presented.outcome !== 'ok') throw new Error(`Status 3: ${presented.outcome}`)
    this.states.set(mailbox, presented.state)
    const { list, hint } = presented
    return {
      ...common,
      cursor: cursorToWire(cursor),
      list: listToWire(list),
      hint: hint?.position,
      hintEdge: hint?.edge,
      syncKey: hashKey(mailbox, key),
    }
  }

  async ask(
    parts: readonly DeepPartial<SyncCollectionRequest>[],
    { window = 512, now = Date.now() } = {},
  ): Promise<SyncCollectionResponse[]> {
    const { collections } = await this.client.syncMessages(
      { tenant: TENANT, account: this.account, device: this.name, collections: [...parts], window, now },
      { identity: this.identity },
    )
    return collections
  }

  /** Asks for one mailbox, gets the answer and keeps what it says. */
  async sync(ask: Ask = {}): Promise<SyncCollectionResponse> {
    const { mailbox = 'inbox', now } = ask
    const key = this.key(mailbox)
    const [response] = await this.ask([this.compose(ask, key)], { now })
    this.receive(key, response!, ask.getChanges ?? true)
    return response!
  }

  /** The same, but the answer is lost on its way; the server has remembered what it sent. */
  async lose(ask: Ask = {}): Promise<SyncCollectionResponse> {
    const key = this.key(ask.mailbox)
    const [response] = await this.ask([this.compose(ask, key)], { now: ask.now })
    this.remember(key, response!, ask.getChanges ?? true)
    return response!
  }

  receive(key: string, response: SyncCollectionResponse, getChanges = true) {
    if (response.outcome !== 'ok') return
    const next = this.remember(key, response, getChanges)
    this.keys.set(response.mailbox, next)
    const held = this.held.get(response.mailbox) ?? new Map<number, SyncOperation>()
    this.held.set(response.mailbox, held)
    for (const operation of response.operations) {
      const { kind, placement } = operation
      if (kind === 'add' && held.has(placement)) throw new Error(`#${placement} is shown twice`)
      if (kind === 'change' && !held.has(placement))
        throw new Error(`#${placement} isn't there to be changed`)
      if (kind === 'add') held.set(placement, operation)
      if (kind === 'delete' || kind === 'soft_delete') held.delete(placement)
    }
  }

  private remember(key: string, response: SyncCollectionResponse, getChanges: boolean): string {
    const { mailbox, quiet, snapshot, moreAvailable } = response
    const former = this.states.get(mailbox)
    if (quiet) {
      const edge = response.snapshotEdge!
      this.states.set(
        mailbox,
        answeredQuiet(former, { key, cursor: unpackKey(key)!, getChanges, snapshot, edge }),
      )
      return key
    }
    const cursor = cursorFromWire(response.cursor!)!
    const next = packKey(cursor)
    const list = response.list ? listFromWire(response.list)! : NOTHING_KNOWN
    const sent = { presented: key, key: next, cursor, list, behind: moreAvailable || !getChanges }
    this.states.set(mailbox, key === '0' ? answeredFirst(former, next, cursor) : answered(former, sent))
    return next
  }

  /** Syncs until nothing is left; answers with everything told. */
  async syncAll(ask: Ask = {}): Promise<SyncOperation[]> {
    const told: SyncOperation[] = []
    for (let more = true; more; ) {
      const response = await this.sync(ask)
      if (response.outcome !== 'ok') throw new Error(response.reason || response.outcome)
      told.push(...response.operations)
      more = response.moreAvailable
    }
    return told
  }

  async move(moves: readonly { placement: number; from: string; to: string }[]) {
    const { results } = await this.client.moveMessages(
      { tenant: TENANT, account: this.account, device: this.name, moves: [...moves] },
      { identity: this.identity },
    )
    return results
  }
}

export const markSeen = (placement: number, seen: boolean): DeepPartial<SyncCommand> => ({
  command: { $case: 'change', value: { placement, seen } },
})

export const remove = (placement: number): DeepPartial<SyncCommand> => ({
  command: { $case: 'delete', value: { placement } },
})

export const fetchMessage = (placement: number): DeepPartial<SyncCommand> => ({
  command: { $case: 'fetch', value: { placement } },
})

export const kinds = ({ operations }: Pick<SyncCollectionResponse, 'operations'>) =>
  operations.map(({ kind, placement }) => `${kind} ${placement}`)
