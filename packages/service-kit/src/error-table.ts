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
  REQUEST_TOO_LARGE: terminally(
    'RESOURCE_EXHAUSTED',
    'One message of a call is larger than the connection takes (4 MiB; between services 80 MiB).',
  ),
  LISTEN_FAILED: passing('UNAVAILABLE', "A port can't be listened on: often another process has it."),
  METRICS_INVALID: terminally('INTERNAL', "What a process says of its figures isn't OpenMetrics."),
  TLS_FILE_UNREADABLE: terminally('INTERNAL', "A file with a certificate or key can't be read."),
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

  // Start
  CONFIGURATION_INVALID: terminally(
    'INVALID_ARGUMENT',
    "A setting can't be used; the message names it and where it comes from.",
  ),

  // Event log
  CONFLICT: passing('ABORTED', 'Another commit to the same stream came first, five times in a row.'),
  COMMIT_TOO_LARGE: terminally('RESOURCE_EXHAUSTED', 'The events of one decision are over 1 MiB.'),
  LOG_UNAVAILABLE: passing('UNAVAILABLE', "The event log can't be written or read now: often a full disk."),
  LOG_SERVER_UNFIT: terminally(
    'FAILED_PRECONDITION',
    'A server of the event log is too old or set to what loses commits; the reason names the setting.',
  ),
  LOG_COMMITS_LOST: passing(
    'DATA_LOSS',
    'A commit is missing from the event log: bring it back from a replica or the archive.',
  ),
  TENANT_PLACED_ELSEWHERE: terminally('FAILED_PRECONDITION', 'Another placement unit has the tenant.'),
  LOG_DAMAGED: terminally('DATA_LOSS', 'The event log has something in it that is no commit.'),
  LOG_IN_USE: terminally('FAILED_PRECONDITION', 'Another process has the event log open.'),
  LOG_FORMAT_NEWER: terminally('FAILED_PRECONDITION', 'The event log was written by a newer Relais.'),
  LOG_FORMAT_UNKNOWN: terminally(
    'FAILED_PRECONDITION',
    'The file in the place of the event log is something else.',
  ),
  EVENT_DAMAGED: terminally('DATA_LOSS', "An event in the log can't be decoded."),

  // Blobs
  BLOB_NOT_FOUND: terminally('NOT_FOUND', 'The stored content is not there.'),
  BLOB_DAMAGED: terminally('DATA_LOSS', 'The stored content differs from what was written.'),
  BLOB_NAME_INVALID: terminally('INVALID_ARGUMENT', 'That is no name of a tenant, a blob or an artefact.'),
  BLOB_RANGE_INVALID: terminally(
    'INVALID_ARGUMENT',
    'Offset and length of a range are whole numbers from 0 on.',
  ),
  BLOB_WRITER_CLOSED: terminally('FAILED_PRECONDITION', 'The content was committed or given up already.'),
  BLOB_TOO_LARGE: terminally('RESOURCE_EXHAUSTED', 'Content on S3 is at most 5 GiB.'),
  BLOB_STORE_FULL: passing('UNAVAILABLE', 'The disk that keeps content is full.'),
  BLOB_STORE_UNAVAILABLE: passing('UNAVAILABLE', "The disk that keeps content can't be written or read now."),

  // Backups
  BACKUP_EXISTS: terminally('ALREADY_EXISTS', 'There is a backup of that name already.'),

  // Read stores
  STORE_FULL: passing('UNAVAILABLE', 'The disk that keeps rows is full.'),
  STORE_UNAVAILABLE: passing(
    'UNAVAILABLE',
    "Rows can't be written or read now: often permissions or an I/O error.",
  ),
  STORE_CLOSED: passing('UNAVAILABLE', 'The service is shutting down.'),
  STORE_DAMAGED: terminally(
    'DATA_LOSS',
    'A file of rows is damaged. Rows that come from the log are built anew at once; others need a backup.',
  ),
  STORE_TOO_NEW: terminally('FAILED_PRECONDITION', 'A file of rows was made by a newer Relais.'),
  SCHEMA_INVALID: terminally('INTERNAL', 'A service describes tables that can not be made.'),
  READ_MODEL_READ_ONLY: terminally('INTERNAL', 'A service wrote rows that only its projection may write.'),
  TRANSACTION_OVER: terminally('INTERNAL', 'A service used a transaction or snapshot after its end.'),
  PROJECTION_STOPPED: passing(
    'UNAVAILABLE',
    "Rows aren't kept up with the log: see the alarm that named the reason.",
  ),
  PROJECTOR_REPLACED: passing(
    'UNAVAILABLE',
    'Another process projects these rows now; this one stops doing so by itself.',
  ),
  PROJECTION_FAILED: terminally(
    'INTERNAL',
    "A commit can't be turned into rows; nothing after it is, until a corrected version runs.",
  ),
  STREAM_GAP: terminally(
    'DATA_LOSS',
    'A commit is missing in a stream; restore it from a backup of the log, then rebuild.',
  ),

  // Directory
  ACCOUNT_NOT_FOUND: terminally('NOT_FOUND', 'There is no such account.'),
  INVALID_ADDRESS: terminally('INVALID_ARGUMENT', "The text isn't an e-mail address."),
  ADDRESS_TAKEN: terminally('ALREADY_EXISTS', 'Another account has that address.'),
  DOMAIN_TAKEN: terminally('ALREADY_EXISTS', 'The domain belongs to a tenant already.'),
  DOMAIN_IN_USE: terminally('FAILED_PRECONDITION', 'Accounts still have addresses in the domain.'),
  UNKNOWN_DOMAIN: terminally('FAILED_PRECONDITION', "The domain of the address isn't one of the tenant's."),
  NAME_RESERVED: passing(
    'ABORTED',
    'The name is being taken or given back by another command at this moment.',
  ),
  UNKNOWN_SETTING: terminally('INVALID_ARGUMENT', 'There is no setting of that name.'),
  BAD_CREDENTIALS: terminally(
    'UNAUTHENTICATED',
    'Unknown user or wrong password; which of them is not told.',
  ),
  SIGN_IN_SLOWED: passing(
    'RESOURCE_EXHAUSTED',
    'Too many wrong passwords for this account or from this address: later again.',
  ),
  DEVICE_SLOWED: passing(
    'RESOURCE_EXHAUSTED',
    'The phone asks the same again and again; one of its commands is refused for a while.',
  ),
  ACCOUNT_LOCKED: terminally('PERMISSION_DENIED', 'An administrator has locked the account.'),
  ACCOUNT_SUSPENDED: terminally(
    'PERMISSION_DENIED',
    'The account is suspended: it neither signs in nor takes mail.',
  ),
  TENANT_SUSPENDED: terminally('PERMISSION_DENIED', 'The whole tenant is suspended.'),
  SCOPE_DENIED: terminally('PERMISSION_DENIED', "The app password isn't for this use."),

  // Mail
  MAILBOX_NOT_FOUND: terminally('NOT_FOUND', 'The account has no such mailbox.'),
  PARENT_MAILBOX_NOT_FOUND: terminally('NOT_FOUND', 'The mailbox to put it in is not there.'),
  MAILBOX_NAME_INVALID: terminally(
    'INVALID_ARGUMENT',
    'A mailbox needs a name of 1 to 255 characters without control characters.',
  ),
  MAILBOX_NAME_TAKEN: terminally('ALREADY_EXISTS', 'A mailbox beside it has that name.'),
  MAILBOX_IS_DEFAULT: terminally(
    'FAILED_PRECONDITION',
    "A default mailbox can't be renamed, moved or deleted.",
  ),
  MAILBOX_TAKES_NO_MAIL: terminally(
    'FAILED_PRECONDITION',
    "A conversation can't be moved to drafts, sent mail or the outbox.",
  ),
  MAILBOX_INTO_ITSELF: terminally(
    'FAILED_PRECONDITION',
    "A mailbox can't be moved into itself or what is under it.",
  ),
  MAILBOX_TOO_DEEP: terminally('FAILED_PRECONDITION', 'Mailboxes nest at most 64 deep.'),
  TOO_MANY_MAILBOXES: terminally('RESOURCE_EXHAUSTED', 'The account has as many mailboxes as it may.'),
  MESSAGE_NOT_FOUND: terminally('NOT_FOUND', 'The account has no such message.'),
  PART_NOT_FOUND: terminally('NOT_FOUND', 'The message has no such part.'),
  MESSAGE_GONE: passing('ABORTED', 'A message was deleted while an answer with it was sent.'),
  MESSAGE_EMPTY: terminally('INVALID_ARGUMENT', 'A message has at least one byte.'),
  MESSAGE_TOO_LARGE: terminally('RESOURCE_EXHAUSTED', 'The message is larger than this installation takes.'),
  HEADER_TOO_LARGE: terminally('INVALID_ARGUMENT', 'The header of a submitted message is over 256 KiB.'),
  FLAG_INVALID: terminally('INVALID_ARGUMENT', 'A flag is active or complete, and its texts are short.'),
  CATEGORIES_INVALID: terminally(
    'INVALID_ARGUMENT',
    'A message has at most 300 categories of 255 characters.',
  ),
  KEYWORDS_INVALID: terminally('INVALID_ARGUMENT', 'A message has at most 100 keywords of 255 characters.'),
  QUOTA_EXCEEDED: terminally('RESOURCE_EXHAUSTED', 'The mailbox has no room for the message.'),
  SENDER_NOT_ALLOWED: terminally('PERMISSION_DENIED', "The sender isn't one of the account's own addresses."),
  NO_RECIPIENTS: terminally('INVALID_ARGUMENT', 'The message has no recipient.'),
  TOO_MANY_RECIPIENTS: terminally('INVALID_ARGUMENT', 'The message has more recipients than one may have.'),
  RECIPIENT_INVALID: terminally('INVALID_ARGUMENT', "A recipient isn't an address."),
  SEND_RATE_EXCEEDED: passing(
    'RESOURCE_EXHAUSTED',
    'The account wrote to as many recipients as it may in an hour.',
  ),
  EXPORT_INCOMPLETE: terminally('DATA_LOSS', 'Some messages could not be read; all others were exported.'),
  MIME_ABORTED: passing('CANCELLED', 'The message was given up while it was parsed.'),
  MIME_PARSER_LOST: passing('UNAVAILABLE', 'A parser thread ended while it had the message.'),

  // Mail transport
  BAD_ADDRESS: terminally('INVALID_ARGUMENT', "A sender or recipient isn't an e-mail address."),
  NOT_OURS: terminally('PERMISSION_DENIED', 'Mail to that domain is not taken here.'),
  NO_ACCOUNT: terminally('NOT_FOUND', 'The domain is ours, the recipient is unknown.'),

  // Administration
  STANDALONE_ONLY: terminally(
    'UNIMPLEMENTED',
    'The call is about a data folder, which many processes have not.',
  ),

  // Phones (Exchange ActiveSync)
  EAS_DISABLED: terminally(
    'PERMISSION_DENIED',
    'Synchronisation of phones is off for the account, its group or its tenant.',
  ),
  DEVICE_NOT_FOUND: terminally('NOT_FOUND', 'The account has no such device.'),
  WIPE_PENDING: terminally('FAILED_PRECONDITION', 'The device has yet to be wiped: cancel that first.'),
  NO_WIPE_PENDING: terminally('FAILED_PRECONDITION', 'No wipe of the device is asked for, or it was done.'),
  WIPE_NOT_SUPPORTED: terminally(
    'FAILED_PRECONDITION',
    'Only devices that speak EAS 16.1 can erase one account alone.',
  ),
  DEVICE_REMOVED: terminally('PERMISSION_DENIED', 'An administrator has removed the device.'),
  DEVICE_BLOCKED: terminally('PERMISSION_DENIED', 'An administrator has blocked the device.'),
  TOO_MANY_DEVICES: terminally('RESOURCE_EXHAUSTED', 'The account has as many devices as it may.'),
  DEVICE_ID_INVALID: terminally('INVALID_ARGUMENT', 'The request names no usable DeviceId.'),
  DEVICE_TYPE_INVALID: terminally('INVALID_ARGUMENT', 'The request names no usable DeviceType.'),
  MALFORMED_QUERY: terminally('INVALID_ARGUMENT', "The query or a header of the request can't be read."),
  UNKNOWN_COMMAND: terminally('INVALID_ARGUMENT', 'No command has that code.'),
  COMMAND_NOT_SUPPORTED: terminally('UNIMPLEMENTED', 'The command is not served.'),
  VERSION_NOT_SUPPORTED: terminally('UNIMPLEMENTED', 'The protocol version is not served.'),
  INVALID_CONTENT: terminally('INVALID_ARGUMENT', 'The request has no body, or one of another kind.'),
  WRONG_ROOT: terminally('INVALID_ARGUMENT', "The document isn't that of the command."),
  BODY_TOO_LARGE: terminally(
    'RESOURCE_EXHAUSTED',
    'The body of the request is larger than this installation takes.',
  ),
  BODY_TIMEOUT: terminally('DEADLINE_EXCEEDED', 'The rest of the body did not come.'),
  UNKNOWN_CODING: terminally('INVALID_ARGUMENT', 'The body is coded otherwise than by gzip or deflate.'),
  DAMAGED_CODING: terminally('INVALID_ARGUMENT', "The body isn't what its Content-Encoding says."),
  AUTODISCOVER_MALFORMED: terminally('INVALID_ARGUMENT', "The Autodiscover request can't be read."),
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
