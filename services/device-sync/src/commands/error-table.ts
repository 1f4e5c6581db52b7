import { isCoded, RelaisError } from '@relais/service-kit'
import { SlowedError } from '../looping/slowing.ts'
import { ValueError, WbxmlError } from '../wbxml/errors.ts'
import { StatusError } from './status-error.ts'

/** An EAS status (clients from 14.0) and the HTTP status that older clients get instead ([CMD 4806] to [CMD 7475]). */
type Row = { readonly status: number; readonly http: number }

/** What a failure means to the client. `status` 0: it is told by HTTP alone, whatever the version. */
export type Failure = Row & {
  readonly retryAfterSeconds?: number
  /** X-MS-ASThrottle. */
  readonly throttle?: string
}

const row = (status: number, http: number): Row => ({ status, http })

const byHttpAlone = (http: number): Row => row(0, http)

/** Codes that mean the same in every command. */
const common: Readonly<Record<string, Row>> = {
  // Before a command is known or a client is let in.
  MALFORMED_QUERY: byHttpAlone(400),
  UNKNOWN_COMMAND: byHttpAlone(501),
  BAD_CREDENTIALS: byHttpAlone(401),
  SIGN_IN_SLOWED: byHttpAlone(503),
  OVERLOADED: byHttpAlone(503),
  DEVICE_SLOWED: byHttpAlone(503),
  BODY_TIMEOUT: byHttpAlone(408),
  UNKNOWN_CODING: byHttpAlone(415),
  CANCELLED: byHttpAlone(503),

  INVALID_CONTENT: row(101, 400),
  DAMAGED_CODING: row(102, 400),
  WRONG_ROOT: row(103, 400),
  INVALID_VALUE: row(103, 400),
  // Another service says so of what came from the phone: an id that can't be one.
  INVALID_ARGUMENT: row(103, 400),
  MESSAGE_TOO_LARGE: row(122, 507),
  BODY_TOO_LARGE: row(122, 507),
  MESSAGE_EMPTY: row(107, 400),
  HEADER_TOO_LARGE: row(107, 400),
  DEVICE_ID_INVALID: row(108, 400),
  DEVICE_TYPE_INVALID: row(109, 400),
  INTERNAL: row(110, 500),
  UNAVAILABLE: row(111, 503),
  DEADLINE_EXCEEDED: row(111, 503),
  LOG_UNAVAILABLE: row(111, 503),
  CONFLICT: row(111, 503),
  QUOTA_EXCEEDED: row(113, 507),
  SEND_RATE_EXCEEDED: row(115, 403),
  TOO_MANY_RECIPIENTS: row(115, 403),
  RECIPIENT_INVALID: row(116, 400),
  NO_RECIPIENTS: row(119, 400),
  ACCOUNT_NOT_FOUND: row(125, 403),
  EAS_DISABLED: row(126, 403),
  SCOPE_DENIED: row(126, 403),
  ACCOUNT_LOCKED: row(126, 403),
  ACCOUNT_SUSPENDED: row(126, 403),
  TENANT_SUSPENDED: row(126, 403),
  DEVICE_BLOCKED: row(129, 403),
  // It may come again at once, as a new device.
  DEVICE_REMOVED: row(111, 503),
  PERMISSION_DENIED: row(130, 403),
  SENDER_NOT_ALLOWED: row(130, 403),
  COMMAND_NOT_SUPPORTED: row(137, 501),
  VERSION_NOT_SUPPORTED: row(138, 400),
  TOO_MANY_DEVICES: row(177, 403),
}

/** What differs in a command; INTERNAL also stands for terminal codes that are in no table, UNAVAILABLE for retryable ones. */
const byCommand: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  FolderSync: { INTERNAL: row(6, 500), INVALID_VALUE: row(10, 400) },
  FolderCreate: {
    INTERNAL: row(6, 500),
    INVALID_VALUE: row(10, 400),
    MAILBOX_NAME_INVALID: row(10, 400),
    MAILBOX_NAME_TAKEN: row(2, 400),
    PARENT_MAILBOX_NOT_FOUND: row(5, 400),
  },
  FolderUpdate: {
    INTERNAL: row(6, 500),
    INVALID_VALUE: row(10, 400),
    MAILBOX_NAME_INVALID: row(10, 400),
    MAILBOX_NAME_TAKEN: row(2, 400),
    MAILBOX_IS_DEFAULT: row(2, 400),
    MAILBOX_NOT_FOUND: row(4, 400),
    MAILBOX_INTO_ITSELF: row(5, 400),
    PARENT_MAILBOX_NOT_FOUND: row(5, 400),
  },
  FolderDelete: {
    INTERNAL: row(6, 500),
    INVALID_VALUE: row(10, 400),
    MAILBOX_IS_DEFAULT: row(3, 400),
    MAILBOX_NOT_FOUND: row(4, 400),
  },
  // A CollectionId that no mailbox can have.
  Sync: { INTERNAL: row(5, 500), INVALID_ARGUMENT: row(4, 400), INVALID_VALUE: row(4, 400) },
  Ping: { INTERNAL: row(8, 500), INVALID_VALUE: row(4, 400) },
  ItemOperations: { INTERNAL: row(3, 500), INVALID_VALUE: row(2, 400) },
  Search: { INTERNAL: row(3, 500), INVALID_VALUE: row(2, 400) },
  Find: { INTERNAL: row(110, 500), INVALID_VALUE: row(2, 400) },
  ResolveRecipients: { INTERNAL: row(6, 500), INVALID_VALUE: row(5, 400) },
  ValidateCert: { INTERNAL: row(17, 500), INVALID_VALUE: row(2, 400) },
  Provision: { INTERNAL: row(3, 500), INVALID_VALUE: row(2, 400) },
  Settings: { INTERNAL: row(4, 500), INVALID_VALUE: row(2, 400) },
  SendMail: { INVALID_ARGUMENT: row(107, 400), INTERNAL: row(120, 500) },
  SmartReply: { INVALID_ARGUMENT: row(107, 400), MESSAGE_NOT_FOUND: row(150, 400), INTERNAL: row(121, 500) },
  SmartForward: {
    INVALID_ARGUMENT: row(107, 400),
    MESSAGE_NOT_FOUND: row(150, 400),
    INTERNAL: row(120, 500),
  },
}

/** How long clients wait before they try again where nobody knows better. */
const RETRY_AFTER_SECONDS = 30

const codeOf = (error: unknown): string => {
  if (error instanceof ValueError) return 'INVALID_VALUE'
  return isCoded(error) ? error.code : 'INTERNAL'
}

const rowOf = (code: string, retryable: boolean, command: string): Row => {
  const own = byCommand[command] ?? {}
  const fallback = retryable ? 'UNAVAILABLE' : 'INTERNAL'
  return own[code] ?? common[code] ?? own[fallback] ?? common[fallback] ?? row(110, 500)
}

const waiting = ({ http }: Row, error: unknown): number | undefined => {
  if (http !== 503) return undefined
  return (error instanceof RelaisError ? error.retryAfterSeconds : undefined) ?? RETRY_AFTER_SECONDS
}

/** The one place where errors become EAS statuses. `command` is a Cmd name, '' before it is known. */
export const failureOf = (error: unknown, command: string): Failure => {
  if (error instanceof StatusError) return row(error.status, error.http)
  if (error instanceof WbxmlError) return row(error.status, 400)
  const found = rowOf(codeOf(error), isCoded(error) && error.retryable, command)
  const throttle = error instanceof SlowedError ? error.throttle : undefined
  return { ...found, throttle, retryAfterSeconds: waiting(found, error) }
}
