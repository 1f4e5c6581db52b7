import { RelaisError } from '@relais/service-kit'

/** A command failed with a status of its own (MS-ASCMD 2.2.3.177): the whole answer is root and Status. */
export class StatusError extends RelaisError {
  readonly status: number
  /** What clients before 14.0 get. */
  readonly http: number
  constructor(status: number, reason: string, http = 400) {
    super('EAS_STATUS', reason, false)
    this.status = status
    this.http = http
  }
}
