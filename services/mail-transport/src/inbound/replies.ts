import { RelaisError } from '@relais/service-kit'

/** An error whose message and code smtp-server sends as they are. */
export class SmtpReply extends Error {
  readonly responseCode: number
  constructor(responseCode: number, text: string) {
    super(text)
    this.responseCode = responseCode
  }
}

/** Codes and enhanced codes (RFC 3463) of the errors that end in a reply of their own; the one table of this protocol. */
const REPLIES: Readonly<Record<string, readonly [number, string]>> = {
  NO_ACCOUNT: [550, '5.1.1'],
  NOT_OURS: [550, '5.7.1'],
  TOO_MANY_RECIPIENTS: [452, '4.5.3'],
  BAD_ADDRESS: [553, '5.1.3'],
  QUOTA_EXCEEDED: [452, '4.2.2'],
  ACCOUNT_SUSPENDED: [450, '4.2.1'],
  TENANT_SUSPENDED: [450, '4.2.1'],
  MESSAGE_TOO_LARGE: [552, '5.3.4'],
  BARE_LINE_ENDING: [550, '5.6.11'],
  MAIL_LOOP: [554, '5.4.6'],
  SENDER_NOT_ALLOWED: [553, '5.7.1'],
  SEND_RATE_EXCEEDED: [450, '4.7.1'],
  BAD_CREDENTIALS: [535, '5.7.8'],
  ACCOUNT_LOCKED: [535, '5.7.8'],
  SCOPE_DENIED: [535, '5.7.8'],
  SIGN_IN_SLOWED: [454, '4.7.0'],
}

/** The reply to an error: its own of the table, or by whether it may go away. */
export const replyTo = (error: unknown): SmtpReply => {
  if (error instanceof SmtpReply) return error
  const { code, reason, retryable } = described(error)
  const [number, enhanced] = REPLIES[code] ?? (retryable ? [451, '4.3.0'] : [554, '5.3.0'])
  return new SmtpReply(number, `${enhanced} ${oneLine(reason)}`)
}

const described = (error: unknown) => {
  if (error instanceof RelaisError)
    return { code: error.code, reason: error.message, retryable: error.retryable }
  return { code: 'INTERNAL', reason: 'something went wrong here; try again later', retryable: true }
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ').slice(0, 400)
