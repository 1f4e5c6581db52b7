/**
 * An error with a stable code, a reason for people, and whether the same call may succeed later.
 * One table per protocol turns codes into its own answers.
 */
export class RelaisError extends Error {
  readonly code: string
  readonly retryable: boolean
  constructor(code: string, reason: string, retryable: boolean, options?: ErrorOptions) {
    super(reason, options)
    this.code = code
    this.retryable = retryable
  }
}

/** The same call will never succeed. */
export const terminal = (code: string, reason: string, options?: ErrorOptions) =>
  new RelaisError(code, reason, false, options)

/** The same call may succeed later. */
export const retryable = (code: string, reason: string, options?: ErrorOptions) =>
  new RelaisError(code, reason, true, options)
