/**
 * An error with a stable code, a reason for people, and whether the same call may succeed later.
 * One table per protocol turns codes into its own answers.
 */
export class RelaisError extends Error {
  readonly code: string
  readonly retryable: boolean
  /** How long to wait before the same call, where that is known. */
  readonly retryAfterSeconds: number | undefined
  constructor(code: string, reason: string, retryable: boolean, options?: RelaisErrorOptions) {
    super(reason, options)
    this.code = code
    this.retryable = retryable
    this.retryAfterSeconds = options?.retryAfterSeconds
  }
}

export type RelaisErrorOptions = ErrorOptions & { readonly retryAfterSeconds?: number }

/** The same call will never succeed. */
export const terminal = (code: string, reason: string, options?: ErrorOptions) =>
  new RelaisError(code, reason, false, options)

/** The same call may succeed later. */
export const retryable = (code: string, reason: string, options?: RelaisErrorOptions) =>
  new RelaisError(code, reason, true, options)

/** The deadline came before the answer. */
export const deadlineExceeded = () => retryable('DEADLINE_EXCEEDED', 'the deadline was exceeded')

/** The caller gave up. */
export const cancelled = () => retryable('CANCELLED', 'the call was cancelled')

/** Errors that ports throw say what they are in our words, without being of our class. */
export type CodedError = Error & {
  readonly code: string
  readonly retryable: boolean
  readonly retryAfterSeconds?: number | undefined
}

export const isCoded = (error: unknown): error is CodedError =>
  error instanceof Error &&
  typeof (error as Partial<CodedError>).code === 'string' &&
  typeof (error as Partial<CodedError>).retryable === 'boolean'
