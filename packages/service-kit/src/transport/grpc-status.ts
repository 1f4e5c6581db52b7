import { ErrorDetail } from '@relais/proto/common/v1/error.ts'
import { ClientError, type Metadata, ServerError, Status } from 'nice-grpc'
import { statusOf } from '../error-table.ts'
import { cancelled, deadlineExceeded, RelaisError, retryable, terminal } from '../errors.ts'
import { ERROR } from './metadata.ts'

/** A failed call as gRPC tells it: a status for everybody, and code, reason and retryable in the trailer for us. */
export const toServerError = (error: RelaisError, trailer: Metadata): ServerError => {
  const { code, message: reason, retryable, retryAfterSeconds = 0 } = error
  const detail = { code, reason, retryable, retryAfterSeconds: Math.ceil(retryAfterSeconds) }
  trailer.set(ERROR, ErrorDetail.encode(detail).finish())
  return new ServerError(Status[statusOf(code, retryable)], `${code}: ${reason}`)
}

/** What went wrong, from a call's trailer; where it has none (the call never reached a handler), from its status. */
export const fromClientError = (error: unknown, trailer: Metadata | undefined): unknown => {
  if (!(error instanceof ClientError)) return error
  return fromTrailer(trailer) ?? fromStatus(error)
}

const fromTrailer = (trailer: Metadata | undefined): RelaisError | undefined => {
  const { code, reason, retryable, retryAfterSeconds } = detailIn(trailer?.get(ERROR))
  if (code === '') return undefined
  return new RelaisError(code, reason, retryable, { retryAfterSeconds: retryAfterSeconds || undefined })
}

/** A detail that can't be read says nothing; the status still does. */
const detailIn = (bytes: unknown): ErrorDetail => {
  try {
    if (bytes instanceof Uint8Array) return ErrorDetail.decode(bytes)
  } catch {
    // not ours
  }
  return ErrorDetail.fromPartial({})
}

const fromStatus = (error: ClientError): RelaisError => {
  const { code, details } = error
  if (code === Status.DEADLINE_EXCEEDED) return deadlineExceeded()
  if (code === Status.CANCELLED) return cancelled()
  if (code === Status.UNAVAILABLE) return retryable('UNAVAILABLE', `the service can't be reached: ${details}`)
  if (code === Status.RESOURCE_EXHAUSTED) return exhausted(details)
  if (code === Status.UNIMPLEMENTED) return terminal('UNIMPLEMENTED', "the service doesn't know this call")
  if (code === Status.UNAUTHENTICATED) return terminal('UNAUTHENTICATED', details)
  return retryable('INTERNAL', `the call failed: ${Status[code]} ${details}`)
}

/** grpc-js says by its text alone whether a message was too large. */
const exhausted = (details: string) =>
  /larger than/i.test(details)
    ? terminal('REQUEST_TOO_LARGE', 'a message of the call is larger than this connection takes')
    : retryable('OVERLOADED', details)
