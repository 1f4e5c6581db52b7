import { setImmediate } from 'node:timers/promises'
import type { EventLog, Notice, Subscription } from '@relais/event-log'
import type { MailClient } from '@relais/proto/mail/v1/mail.ts'
import type { CallExtras } from '@relais/service-kit'
import { DEVICE_SYNC } from '../device/events.ts'
import type { FollowedHeads } from '../held/followed-heads.ts'

/** Name under which mail's commits move the head of an account's tree of mailboxes. */
const MAIL_HIERARCHY = 'mailboxes'
const MAIL = 'mail'

export type AccountRef = { readonly tenant: string; readonly account: string }

/** What a wake follows from: the trace of a commit ('' if it is in none), and when it was appended, in milliseconds since 1970. */
export type Cause = Pick<Notice, 'traceparent' | 'at'>

/** Something happened in an account: which collections, and by which device. */
export type Change = {
  /** The commit that it is, where that is known. */
  readonly cause?: Cause
  readonly position: number
  readonly collections: readonly string[]
  /** '' if no device did it. */
  readonly device: string
}

export type ChangeListener = { note(change: Change): void }

/** Heads of one account's collections, kept true by the log's notices from the moment it is followed. */
export class FollowedAccount {
  readonly heads = new Map<string, number>()
  readonly listeners = new Set<ChangeListener>()
  hierarchy = 0
  /** Milliseconds since 1970. */
  usedAt = 0

  /** A change of the log, or what a slow re-check found. Late news changes nothing. */
  note(change: Change): void {
    for (const collection of change.collections) {
      if (collection === MAIL_HIERARCHY) this.hierarchy = Math.max(this.hierarchy, change.position)
      else this.heads.set(collection, Math.max(this.heads.get(collection) ?? 0, change.position))
    }
    for (const listener of this.listeners) listener.note(change)
  }
}

type Entry = {
  readonly followed: FollowedAccount
  /** Undefined: it is. */
  loading: Promise<void> | undefined
  readonly subscription: Subscription
}

export type FollowedAccountsDeps = {
  readonly log: EventLog
  readonly mail: MailClient<CallExtras>
  readonly clock: () => number
  /** Accounts kept although nothing of them waits; default 50,000. */
  readonly maxIdle?: number
}

const IDENTITY = { tenant: '', principal: '', actor: { kind: 'service', id: DEVICE_SYNC, device: '' } }
const BATCH = 500

/** Accounts whose heads this process knows, so that "nothing changed" is a comparison of numbers and no call. */
export class FollowedAccounts implements FollowedHeads {
  readonly #deps: FollowedAccountsDeps
  readonly #maxIdle: number
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>()
  /** Begun at this moment: their heads are asked for together, in one call. Thousands come back at once after a restart. */
  #begun: AccountRef[] = []
  #loading: Promise<void> | undefined

  constructor(deps: FollowedAccountsDeps) {
    this.#deps = deps
    this.#maxIdle = deps.maxIdle ?? 50_000
  }

  /** Follows the account from now on: its notices first, then the heads that the log had before. */
  async follow(ref: AccountRef): Promise<FollowedAccount> {
    const key = keyOf(ref)
    const entry = this.#entries.get(key) ?? this.#begin(ref)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.followed.usedAt = this.#deps.clock()
    await entry.loading
    return entry.followed
  }

  /** Undefined: it isn't followed, or not yet. */
  peek(ref: AccountRef): FollowedAccount | undefined {
    const entry = this.#entries.get(keyOf(ref))
    return entry?.loading ? undefined : entry?.followed
  }

  hierarchy(tenant: string, account: string): number | undefined {
    return this.peek({ tenant, account })?.hierarchy
  }

  /** Reads the heads of all accounts that something waits for again, many in a call: covers notices that were lost. */
  async recheck(): Promise<void> {
    const waiting = [...this.#entries.values()].filter(({ followed }) => followed.listeners.size > 0)
    const refs = new Map(waiting.map((entry) => [entry.followed, entry]))
    const keys = [...this.#entries].filter(([, entry]) => refs.has(entry.followed)).map(([key]) => refOf(key))
    for (let from = 0; from < keys.length; from += BATCH) await this.#read(keys.slice(from, from + BATCH), 0)
  }

  close(): void {
    for (const { subscription } of this.#entries.values()) subscription.close()
    this.#entries.clear()
  }

  #begin(ref: AccountRef): Entry {
    const followed = new FollowedAccount()
    const subscription = this.#deps.log.notices({ ...ref, service: MAIL }, (notice) =>
      followed.note(changeOf(notice)),
    )
    const loading = this.#load(ref)
    const entry: Entry = { followed, subscription, loading }
    loading.then(
      () => {
        entry.loading = undefined
      },
      () => this.#drop(keyOf(ref), entry),
    )
    this.#entries.set(keyOf(ref), entry)
    this.#evict()
    return entry
  }

  #load(ref: AccountRef): Promise<void> {
    this.#begun.push(ref)
    this.#loading ??= setImmediate().then(() => this.#loadBegun())
    return this.#loading
  }

  /** The rows must have what the log had when its notices began to come: else a change between the two would be missed. */
  async #loadBegun(): Promise<void> {
    const refs = this.#begun
    this.#begun = []
    this.#loading = undefined
    const heads = await Promise.all(refs.map((ref) => this.#deps.log.head({ ...ref, service: MAIL })))
    for (let from = 0; from < refs.length; from += BATCH)
      await this.#read(refs.slice(from, from + BATCH), Math.max(...heads))
  }

  async #read(accounts: readonly AccountRef[], minPosition: number): Promise<void> {
    const answer = await this.#deps.mail.getHeads(
      { accounts: [...accounts], minPosition },
      { identity: IDENTITY },
    )
    for (const { tenant, account, collections, hierarchy } of answer.accounts) {
      const followed = this.#entries.get(keyOf({ tenant, account }))?.followed
      if (followed === undefined) continue
      for (const { collection, head } of collections)
        if (head > (followed.heads.get(collection) ?? -1))
          followed.note({ position: head, collections: [collection], device: '' })
      if (hierarchy > followed.hierarchy)
        followed.note({ position: hierarchy, collections: [MAIL_HIERARCHY], device: '' })
    }
  }

  #evict(): void {
    if (this.#entries.size <= this.#maxIdle) return
    for (const [key, entry] of this.#entries) {
      if (entry.followed.listeners.size > 0 || entry.loading) continue
      this.#drop(key, entry)
      if (this.#entries.size <= this.#maxIdle) return
    }
  }

  #drop(key: string, entry: Entry): void {
    entry.subscription.close()
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }
}

const keyOf = ({ tenant, account }: AccountRef) => `${tenant}/${account}`

const refOf = (key: string): AccountRef => {
  const slash = key.indexOf('/')
  return { tenant: key.slice(0, slash), account: key.slice(slash + 1) }
}

const changeOf = (notice: Notice): Change => {
  const { position, collections, device } = notice
  return { position, collections, device, cause: notice }
}
