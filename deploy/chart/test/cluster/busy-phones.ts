import { setTimeout as pause } from 'node:timers/promises'
import { Phone } from '../../../../load-tests/phone/phone.ts'
import { type CrowdOrder, primedInbox } from './phone-crowd.ts'

const RETRY_MS = 500

/** Phones of one account each that synchronise without rest: what serves them takes all the processor time that it gets. */
export class BusyPhones {
  readonly #order: Omit<CrowdOrder, 'heartbeatSeconds'>
  readonly #loops: Promise<void>[] = []
  #isOver = false
  /** Syncs that were answered. */
  answered = 0
  /** What came beside answers, but for being told to come later. */
  readonly trouble: string[] = []

  constructor(order: Omit<CrowdOrder, 'heartbeatSeconds'>) {
    this.#order = order
  }

  async start(): Promise<void> {
    const { host, port, addresses, password } = this.#order
    for (const [number, user] of addresses.entries()) {
      const address = { host, port, secure: false }
      const phone = new Phone({ address, user, password, device: `BUSY${process.pid}N${number}` })
      this.#loops.push(this.#ask(phone, await primedInbox(phone)))
    }
  }

  async #ask(phone: Phone, inbox: string): Promise<void> {
    while (!this.#isOver)
      try {
        await phone.sync(inbox)
        this.answered++
      } catch (error) {
        const { message } = error as Error
        if (!message.endsWith('HTTP 503')) this.trouble.push(message)
        await pause(RETRY_MS)
      }
    phone.close()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }
}
