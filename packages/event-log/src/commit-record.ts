import { Commit } from '@relais/proto/common/v1/log.ts'
import {
  CommitInvalidError,
  CommitTooLargeError,
  MAX_COMMIT_BYTES,
  MAX_COMMIT_EVENTS,
  MAX_NAME_LENGTH,
  type NewCommit,
  type StoredCommit,
} from './port.ts'

/**
 * The record that a log keeps: relais.common.v1.Commit without its position, which only the log knows.
 * Errors: CommitTooLargeError, CommitInvalidError.
 */
export const encodeCommit = (commit: NewCommit): Uint8Array => {
  checkFields(commit)
  checkSize(commit)
  const bytes = Commit.encode({
    position: 0,
    stream: commit.stream,
    events: [...commit.events],
    commandId: commit.commandId,
    actor: commit.actor,
    principal: commit.principal,
    expected: commit.expected,
    causation: commit.causation ?? 0,
    correlation: commit.correlation ?? '',
    traceparent: commit.traceparent ?? '',
    at: commit.at,
    collections: [...(commit.collections ?? [])],
    syncKey: commit.syncKey ?? '',
  }).finish()
  if (bytes.length > MAX_COMMIT_BYTES) throw tooLong(bytes.length)
  return bytes
}

/** A record, and the position under which it was found. */
export const decodeCommit = (position: number, record: Uint8Array): StoredCommit => {
  const commit = Commit.decode(record)
  return {
    position,
    // Never absent: encodeCommit writes both.
    stream: commit.stream!,
    events: commit.events,
    commandId: commit.commandId,
    actor: commit.actor!,
    principal: commit.principal,
    expected: commit.expected,
    causation: commit.causation,
    correlation: commit.correlation,
    traceparent: commit.traceparent,
    at: commit.at,
    collections: commit.collections,
    syncKey: commit.syncKey,
  }
}

const tooLong = (bytes: number) =>
  new CommitTooLargeError(`a commit of ${bytes} bytes is over the limit of ${MAX_COMMIT_BYTES}`)

/** What is far too large is refused before memory is spent on encoding it. */
const checkSize = ({ events, collections }: NewCommit) => {
  if (events.length > MAX_COMMIT_EVENTS) {
    throw new CommitTooLargeError(
      `a commit of ${events.length} events is over the limit of ${MAX_COMMIT_EVENTS}`,
    )
  }
  let bytes = 0
  for (const event of events) bytes += event.type.length + event.payload.length
  for (const collection of collections ?? []) bytes += collection.length
  if (bytes > MAX_COMMIT_BYTES) throw tooLong(bytes)
}

const checkFields = ({ stream, commandId, expected, causation, at }: NewCommit) => {
  checkName('tenant', stream.tenant)
  checkName('account', stream.account)
  checkName('service', stream.service)
  checkName('command id', commandId)
  checkNumber('expected position', expected ?? 0)
  checkNumber('causation', causation ?? 0)
  checkNumber('time', at)
}

const checkName = (field: string, name: string) => {
  if (name.length === 0) throw new CommitInvalidError(`the ${field} is empty`)
  if (name.length > MAX_NAME_LENGTH)
    throw new CommitInvalidError(`the ${field} is over ${MAX_NAME_LENGTH} characters`)
  if (/\p{Cc}|\p{Cs}/u.test(name)) throw new CommitInvalidError(`the ${field} has control characters`)
}

const checkNumber = (field: string, value: number) => {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new CommitInvalidError(`the ${field} is no whole number from 0`)
}
