import type { Actor, Event, Stream } from '@relais/proto/common/v1/log.ts'
import { RelaisError } from '@relais/service-kit/errors.ts'

/** Longest commit a log takes, in bytes of its encoded form (relais.common.v1.Commit). Longer content belongs in a blob. */
export const MAX_COMMIT_BYTES = 1024 * 1024

/** A commit has at most this many events, so that an event's ordinal in its commit fits 13 bits. */
export const MAX_COMMIT_EVENTS = 8192

/** Tenant, account, service and command id have 1 to this many characters, none of them a control character. */
export const MAX_NAME_LENGTH = 255

/** For this long the same command id is one commit: docs/explanation/event-log.md. */
export const COMMAND_RETENTION_MS = 14 * 24 * 3600 * 1000

/** A commit before the log has given it a position. */
export type NewCommit = {
  readonly stream: Stream
  readonly events: readonly Event[]
  /** Unique per stream; the same id again within {@link COMMAND_RETENTION_MS} is the same commit. */
  readonly commandId: string
  readonly actor: Actor
  /** Account for whom the actor acts; '' where it is nobody's. */
  readonly principal: string
  /** Position of the stream's last commit that the decision was based on; absent: any (commuting commits). */
  readonly expected?: number
  readonly causation?: number
  readonly correlation?: string
  readonly traceparent?: string
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number
  readonly collections?: readonly string[]
  readonly syncKey?: string
}

/** A commit as the log keeps it. Positions increase; gaps are allowed. */
export type StoredCommit = {
  readonly position: number
  readonly stream: Stream
  readonly events: readonly Event[]
  readonly commandId: string
  readonly actor: Actor
  readonly principal: string
  readonly expected: number | undefined
  readonly causation: number
  readonly correlation: string
  readonly traceparent: string
  readonly at: number
  readonly collections: readonly string[]
  readonly syncKey: string
}

export type Appended = {
  readonly position: number
  /** True: the log had this command id already, and this is its first position. */
  readonly repeated: boolean
}

/** Which commits; absent fields match all. */
export type CommitFilter = {
  readonly tenant?: string
  readonly account?: string
  readonly service?: string
}

export type FollowBatch = {
  /** In order of position; may be empty when only `caughtUp` changed. */
  readonly commits: readonly StoredCommit[]
  /** True: nothing newer that matches was in the log when this batch was read. */
  readonly caughtUp: boolean
}

/** Payload-free signal that an account's collections moved. Given after the commit is durable; may be lost, so re-check slowly. */
export type Notice = {
  readonly position: number
  readonly tenant: string
  readonly account: string
  readonly service: string
  readonly collections: readonly string[]
  /** The device whose command it was; '' if none. */
  readonly device: string
  /** Of the commit: what it wakes is in the same trace; '' if it is in none. */
  readonly traceparent: string
  /** When it was appended, in milliseconds since 1970 by the clock of whoever did. */
  readonly at: number
}

export type Subscription = { close(): void }

/**
 * The event log: commits in order of position, of all tenants of one placement unit. A position is given once and never again,
 * also after a purge; positions of one tenant have gaps. What a reader sees is durable.
 * Errors of every method: {@link LogUnavailableError}.
 */
export interface EventLog {
  /**
   * Appends one commit, whole or not at all, durable when the promise resolves. The command id is looked up first: a known one
   * is answered with its first position whatever `expected` says. After a {@link LogUnavailableError} the commit may or may not
   * be there: append it again with the same command id.
   * Errors: {@link ConflictError}, {@link CommitTooLargeError}, {@link CommitInvalidError}.
   */
  append(commit: NewCommit): Promise<Appended>
  /**
   * Commits after a position, in order, in batches of at most `batch` (default 256) and a few MiB; ends at the head of its start.
   * Rejects with the signal's reason when aborted, so that what was cut off isn't taken for the whole.
   */
  read(
    filter: CommitFilter,
    after: number,
    options?: { batch?: number; signal?: AbortSignal },
  ): AsyncIterable<readonly StoredCommit[]>
  /**
   * History after a position, then live commits, without a gap or repeat. Reads on only when the consumer asks, so a slow one
   * holds one batch. Ends quietly by `signal`, and with {@link LogUnavailableError} when the log is closed.
   */
  follow(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal: AbortSignal },
  ): AsyncIterable<FollowBatch>
  /**
   * Position of the last commit that matches; 0 if there is none. Goes back only by a purge. A server that was cut off from the others
   * may answer from what it had, for some seconds; `certain`, of the whole log: nothing is missing that was acknowledged before the call,
   * and the position may be that of an erased commit.
   */
  head(filter: CommitFilter, options?: { certain?: boolean }): Promise<number>
  /**
   * Calls the listener for every commit that matches and is appended after this returns, in order of position, once each; not for
   * repeated appends. So who subscribes first and compares heads second misses nothing. The listener must not throw.
   */
  notices(filter: CommitFilter, listener: (notice: Notice) => void): Subscription
  /**
   * Erases all commits of an account (every service's stream) and its command ids; the bytes are gone when the promise resolves.
   * Readers see a gap. Commits appended meanwhile stay. Cut off by a crash it is safe to call again. Returns the number of commits erased.
   */
  purge(tenant: string, account: string): Promise<number>
  /** Lets appends under way finish; afterwards everything is refused with {@link LogUnavailableError}. */
  close(): Promise<void>
}

/** Another commit came first: catch up and decide again. `head` is the position of the stream's last commit. */
export class ConflictError extends RelaisError {
  readonly head: number
  constructor(head: number) {
    super('CONFLICT', `the stream's head is ${head}`, true)
    this.head = head
  }
}

/** Over {@link MAX_COMMIT_BYTES} or {@link MAX_COMMIT_EVENTS}; nothing was written. */
export class CommitTooLargeError extends RelaisError {
  constructor(reason: string) {
    super('COMMIT_TOO_LARGE', reason, false)
  }
}

/** A field is outside its bounds: {@link MAX_NAME_LENGTH}, positions and times are whole numbers from 0. Nothing was written. */
export class CommitInvalidError extends RelaisError {
  constructor(reason: string) {
    super('COMMIT_INVALID', reason, false)
  }
}

/** The log can't take or give anything now (disk full, closed, server gone). */
export class LogUnavailableError extends RelaisError {
  constructor(reason: string, options?: ErrorOptions) {
    super('LOG_UNAVAILABLE', reason, true, options)
  }
}

/**
 * A commit that was in the log is nowhere in it: what follows it isn't told, so that nothing is projected over a gap. After it was brought back
 * (from a replica, an archive) the same call may succeed; rows that were made beyond `position` are made anew.
 */
export class CommitsLostError extends RelaisError {
  readonly position: number
  constructor(position: number) {
    super('LOG_COMMITS_LOST', `the commit at position ${position} is lost`, true)
    this.position = position
  }
}
