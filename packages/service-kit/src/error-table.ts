/** Names of the gRPC statuses that Relais answers with (https://grpc.io/docs/guides/status-codes/). */
export type GrpcStatus =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED'

export type ErrorRow = {
  readonly status: GrpcStatus
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** One sentence for an operator: docs/reference/errors.md is made of these. */
  readonly meaning: string
}

const terminally = (status: GrpcStatus, meaning: string): ErrorRow => ({ status, retryable: false, meaning })
const passing = (status: GrpcStatus, meaning: string): ErrorRow => ({ status, retryable: true, meaning })

/** Every code that a Relais service answers with. `npm run verify` finds a code that isn't here. */
export const ERROR_TABLE: Readonly<Record<string, ErrorRow>> = {
  // Any call
  CANCELLED: passing('CANCELLED', 'The caller gave up before the answer was there.'),
  DEADLINE_EXCEEDED: passing(
    'DEADLINE_EXCEEDED',
    'The answer took longer than the caller was ready to wait.',
  ),
  INTERNAL: passing('INTERNAL', 'Something unforeseen; the log has it under the same correlation id.'),
  UNAVAILABLE: passing('UNAVAILABLE', "The service can't be reached or is shutting down."),
  OVERLOADED: passing('RESOURCE_EXHAUSTED', 'The service has more work than it can do now.'),
  UNIMPLEMENTED: terminally(
    'UNIMPLEMENTED',
    "The service doesn't know this call: it may be an older version.",
  ),
  REQUEST_TOO_LARGE: terminally('RESOURCE_EXHAUSTED', 'One message of a call is over 4 MiB.'),
  LISTEN_FAILED: passing('UNAVAILABLE', "A port can't be listened on: often another process has it."),
  TLS_CERTIFICATE_INVALID: terminally(
    'FAILED_PRECONDITION',
    "Certificate and key can't be read, or aren't a pair.",
  ),
  UNAUTHENTICATED: terminally('UNAUTHENTICATED', 'The caller has not said who it is, or not truthfully.'),
  PERMISSION_DENIED: terminally('PERMISSION_DENIED', 'The caller may not do this.'),
  INVALID_ARGUMENT: terminally('INVALID_ARGUMENT', 'A field of the request has no acceptable value.'),
  NOT_FOUND: terminally('NOT_FOUND', "What the request names doesn't exist."),
  ALREADY_EXISTS: terminally('ALREADY_EXISTS', 'What the request would make is there already.'),
  FAILED_PRECONDITION: terminally('FAILED_PRECONDITION', 'The present state forbids it.'),

  // Event log
  CONFLICT: passing('ABORTED', 'Another commit to the same stream came first, five times in a row.'),
  COMMIT_TOO_LARGE: terminally('RESOURCE_EXHAUSTED', 'The events of one decision are over 1 MiB.'),
  LOG_UNAVAILABLE: passing('UNAVAILABLE', "The event log can't be written or read now: often a full disk."),

  // Blobs
  BLOB_NOT_FOUND: terminally('NOT_FOUND', 'The stored content is not there.'),
  BLOB_DAMAGED: terminally('DATA_LOSS', 'The stored content differs from what was written.'),
}

/** Status of codes that aren't in the table (from a newer service, for one). */
export const statusOf = (code: string, retryable: boolean): GrpcStatus =>
  (Object.hasOwn(ERROR_TABLE, code) ? ERROR_TABLE[code]?.status : undefined) ??
  (retryable ? 'UNAVAILABLE' : 'FAILED_PRECONDITION')

const row = ([code, { status, retryable, meaning }]: [string, ErrorRow]) =>
  `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${status} | ${meaning} |`

/** The table as Markdown, for docs/reference/errors.md. */
export const errorReference = (): string =>
  [
    '| code | may succeed later | gRPC status | meaning |',
    '| --- | --- | --- | --- |',
    ...Object.entries(ERROR_TABLE).map(row),
    '',
  ].join('\n')
