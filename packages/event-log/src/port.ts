import type { Actor, Event, Stream } from '@relais/proto/common/v1/log.ts'

/** Longest commit a log takes, in bytes of its encoded form. Longer content belongs in a blob. */
export const MAX_COMMIT_BYTES = 1024 * 1024

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
}

export type Subscription = { close(): void }

/**
 * The event log. One append is one record, durable when the promise resolves.
 * Errors: {@link ConflictError}, {@link CommitTooLargeError}, {@link LogUnavailableError}.
 */
export interface EventLog {
  append(commit: NewCommit): Promise<Appended>
  /** Commits after a position, in order, in batches of at most `batch` (default 256); ends at the head of its start. */
  read(
    filter: CommitFilter,
    after: number,
    options?: { batch?: number; signal?: AbortSignal },
  ): AsyncIterable<readonly StoredCommit[]>
  /** History after a position, then live commits, without a gap or repeat; ends only by `signal`. */
  follow(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal: AbortSignal },
  ): AsyncIterable<FollowBatch>
  /** Position of the last commit that matches; 0 if there is none. */
  head(filter: CommitFilter): Promise<number>
  /** Calls the listener for every commit that matches and is appended after this returns. The listener must not throw. */
  notices(filter: CommitFilter, listener: (notice: Notice) => void): Subscription
  /** Erases all commits of an account (every service's stream). Readers see a gap. Returns the number of commits erased. */
  purge(tenant: string, account: string): Promise<number>
  close(): Promise<void>
}

/** Another commit came first: catch up and decide again. */
export class ConflictError extends Error {
  readonly code = 'CONFLICT'
  readonly retryable = true
  readonly head: number
  constructor(head: number) {
    super(`the stream's head is ${head}`)
    this.head = head
  }
}

export class CommitTooLargeError extends Error {
  readonly code = 'COMMIT_TOO_LARGE'
  readonly retryable = false
  constructor(bytes: number) {
    super(`a commit of ${bytes} bytes is over the limit of ${MAX_COMMIT_BYTES}`)
  }
}

/** The log can't take or give anything now (disk full, closed, server gone). */
export class LogUnavailableError extends Error {
  readonly code = 'LOG_UNAVAILABLE'
  readonly retryable = true
}
