import type { StoredCommit } from '@relais/event-log'
import { RelaisError, retryable, terminal } from '@relais/service-kit/errors.ts'

export const deadlineExceeded = (position: number) =>
  retryable('DEADLINE_EXCEEDED', `the rows of position ${position} weren't there in time`)

/** Nothing is projected any more, or not in this stream: see the cause. */
export const projectionStopped = (cause: Error) =>
  retryable('PROJECTION_STOPPED', `rows aren't kept up: ${cause.message}`, { cause })

export const storeClosed = () => retryable('STORE_CLOSED', 'the read store is closed')

/** Rows of a read model come from the log alone. */
export const readModelReadOnly = (name: string) =>
  terminal('READ_MODEL_READ_ONLY', `only its projection writes the read model ${name}`)

export const transactionOver = () => terminal('TRANSACTION_OVER', 'used after its transaction or snapshot')

export const schemaInvalid = (reason: string) => terminal('SCHEMA_INVALID', reason)

export const storeTooNew = (file: string, version: number) =>
  terminal('STORE_TOO_NEW', `${file} has version ${version}, made by a newer Relais`)

/** A write that was sent after others had been asked for is refused: whose it was isn't known. Its message says why, by code alone: no row is told. */
export class LateWriteError extends Error {
  constructor(cause: unknown) {
    super(`a write that was sent later was refused: ${codeOf(cause)}`, { cause })
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error ? String((error as { code?: unknown }).code ?? error.name) : typeof error

/** True for what may pass by itself: a full disk, a lock, a server that is gone. */
export const isPassing = (error: unknown): boolean => error instanceof RelaisError && error.retryable

/** Another process has projected meanwhile: what this one was about to write is refused. */
export const projectorReplaced = (expected: number, found: number | undefined) =>
  retryable('PROJECTOR_REPLACED', `another process projects: the checkpoint is ${found}, not ${expected}`)

/** A commit says that another one, which never came, was before it in its stream: the stream stands still. */
export class StreamGapError extends RelaisError {
  readonly stream: StoredCommit['stream']
  /** Of the commit at which the gap showed. */
  readonly position: number
  constructor(stream: StoredCommit['stream'], position: number, last: number) {
    const { tenant, account, service } = stream
    const name = `${tenant}/${account}/${service}`
    super('STREAM_GAP', `stream ${name}: commits are missing between ${last} and ${position}`, false)
    this.stream = stream
    this.position = position
  }
}

/** A projection threw, or a row refused to be written: the commit stays unprojected until the code is corrected. */
export class ProjectionFailedError extends RelaisError {
  readonly position: number
  constructor(model: string, position: number, cause: unknown) {
    super('PROJECTION_FAILED', `read model ${model} can't project commit ${position}`, false, { cause })
    this.position = position
  }
}
