import { setTimeout as pause } from 'node:timers/promises'
import { deliver } from '../../../check/src/lmtp.ts'

export type DeliveriesOrder = {
  /** `10.96.0.7:24` */
  readonly server: string
  readonly recipients: readonly string[]
  readonly perSecond: number
}

const RETRY_MS = 200

/** A mail server that delivers all the time by LMTP, and again what wasn't accepted. */
export class Deliveries {
  readonly #order: DeliveriesOrder
  readonly #working: Promise<void>[] = []
  #timer: NodeJS.Timeout | undefined
  #begun = 0
  #isAbandoned = false
  /** What was said against the last one that failed. */
  #last = ''
  /** Messages accepted with 250. */
  accepted = 0
  /** Times that no answer came: accepted or not, it was sent again. */
  unsure = 0
  /** Times that it was told to come later. */
  later = 0
  /** What was refused for good: that would be lost. */
  readonly refused: string[] = []

  constructor(order: DeliveriesOrder) {
    this.#order = order
  }

  start(): void {
    const begin = () => void this.#working.push(this.#one(this.#begun++))
    this.#timer = setInterval(begin, 1000 / this.#order.perSecond)
  }

  /** Begins no more, and waits until all are accepted. Errors: some are not, within the time. */
  async end(limitMs = 90_000): Promise<void> {
    clearInterval(this.#timer)
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, limitMs, 'late').unref())
    if ((await Promise.race([Promise.all(this.#working), late])) !== 'late') return
    throw new Error(
      `${this.#begun - this.accepted} of ${this.#begun} messages are not accepted: ${this.#last}`,
    )
  }

  /** Ends as it is, where a test has failed. */
  abandon(): void {
    clearInterval(this.#timer)
    this.#isAbandoned = true
  }

  async #one(number: number): Promise<void> {
    while (!this.#isAbandoned && !(await this.#isSettled(number))) await pause(RETRY_MS)
  }

  async #isSettled(number: number): Promise<boolean> {
    const { server, recipients } = this.#order
    const recipient = recipients[number % recipients.length] ?? ''
    try {
      await deliver({ server, recipient, subject: `Number ${number}` })
      this.accepted++
      return true
    } catch (error) {
      const { message } = error as Error
      this.#last = message
      if (message.startsWith('LMTP: 5')) this.refused.push(message)
      else if (message.startsWith('LMTP: 4')) this.later++
      else if (!/ECONNREFUSED|EHOSTUNREACH/.test(message)) this.unsure++
      return message.startsWith('LMTP: 5')
    }
  }
}
