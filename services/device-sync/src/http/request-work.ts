import type { ServerResponse } from 'node:http'
import { cancelled, type RelaisError, retryable } from '@relais/service-kit'
import type { HeldRequest, HeldRequests } from '../held/held-requests.ts'

/** Counts requests being worked on, so that there is an end to them. */
export class RequestLoad {
  readonly #max: number
  #working = 0

  constructor(max: number) {
    this.#max = max
  }

  get working(): number {
    return this.#working
  }

  /** Errors: OVERLOADED; the wait is spread so that those turned away don't come back together. */
  begin(): void {
    if (this.#working >= this.#max)
      throw retryable('OVERLOADED', 'too many requests at once', {
        retryAfterSeconds: 5 + Math.floor(Math.random() * 25),
      })
    this.#working += 1
  }

  rest(): void {
    this.#working -= 1
  }

  /** Work goes on after waiting: it was let in once. */
  resume(): void {
    this.#working += 1
  }
}

export type Holding = {
  readonly held: HeldRequests
  readonly load: RequestLoad
  readonly response: ServerResponse
  readonly device: HeldRequest['device']
  readonly recheck: HeldRequest['recheck']
}

/**
 * A request begins to wait: it ends with its connection, its account's access or its device's. Returns how to say that it goes on;
 * then it is work again, also when it was ended.
 */
export const holdRequest = (
  { held, load, response, device, recheck }: Holding,
  onEnd: (reason: RelaisError) => void,
): (() => void) => {
  let over = false
  const goOn = (): boolean => {
    if (over) return false
    over = true
    response.off('close', onClose)
    leave()
    load.resume()
    return true
  }
  const end = (reason: RelaisError): void => {
    if (goOn()) onEnd(reason)
  }
  const onClose = (): void => end(cancelled())
  const leave = held.add({ device, recheck, end })
  response.on('close', onClose)
  if (response.destroyed) onClose()
  return () => void goOn()
}
