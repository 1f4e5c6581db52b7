import { setTimeout as pause } from 'node:timers/promises'
import { Phone } from '../../../../load-tests/phone/phone.ts'

export type CrowdOrder = {
  readonly host: string
  readonly port: number
  readonly addresses: readonly string[]
  readonly password: string
  readonly heartbeatSeconds: number
}

/** What came to phones beside mail. */
export type Trouble = {
  /** Told to come later, as the protocol knows it. */
  later: number
  /** The connection broke, or none could be made: what was said, and how often. */
  readonly broken: Map<string, number>
  /** Anything else: no phone knows it. */
  readonly unknown: string[]
}

const INBOX_TYPE = '2'
const SET_UP_AT_ONCE = 8
const SET_UP_TRIES = 60
/** As phones do, but sooner. */
const RETRY_MS = 500

/**
 * A server that can't now: HTTP 503, 111 of any command ([MS-ASCMD] 2.2.2), Sync 5 and 16, FolderSync 6, Ping 8 (2.2.3.177): phones try
 * again by themselves.
 */
const LATER = /HTTP 503$|Status 111$|^Sync Status (5|16)$|^FolderSync Status 6$|^Ping Status 8$/
const PATIENCE_MS = 10_000
const NOTHING_HEARD = 'nothing was heard in time'
const BROKEN = new RegExp(
  `ECONN|EPIPE|ETIMEDOUT|EHOST|the connection was closed|socket hang up|${NOTHING_HEARD}`,
)
/** A phone of another crowd isn't the same phone. */
let crowds = 0

type Waiting = {
  readonly phone: Phone
  readonly inbox: string
  received: number
  isWaiting: boolean
  /** When its last Ping that was answered in time ended (at first: when it began), and when the one after it was sent; by performance.now(). */
  answeredAt: number | undefined
  askedAt: number
}

/** A phone's inbox, which it may synchronise from then on. */
export const primedInbox = async (phone: Phone): Promise<string> => {
  const { folders } = await phone.folderSync()
  const inbox = [...folders].find(([, type]) => type === INBOX_TYPE)?.[0]
  if (inbox === undefined) throw new Error('a phone has no inbox')
  await phone.prime(inbox)
  return inbox
}

/** Phones of one account each, which wait in Pings, take what there is and wait again. */
export class PhoneCrowd {
  readonly trouble: Trouble = { later: 0, broken: new Map(), unknown: [] }
  readonly #order: CrowdOrder
  readonly #number = crowds++
  readonly #phones: Waiting[] = []
  readonly #loops: Promise<void>[] = []
  /** The longest time that any phone had no Ping waiting, from an answer to the next Ping that was held. */
  longestAwayMs = 0
  #isOver = false

  constructor(order: CrowdOrder) {
    this.#order = order
  }

  /** Every phone knows its folders and has what is there. */
  async setUp(): Promise<void> {
    const waiting = [...this.#order.addresses.entries()]
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await this.#setUpInTime(...next)
    }
    await Promise.all(Array.from({ length: SET_UP_AT_ONCE }, worker))
  }

  /** Told to come later, it does. */
  async #setUpInTime(number: number, user: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#setUpOne(number, user)
      } catch (error) {
        if (tries === SET_UP_TRIES || !LATER.test((error as Error).message)) throw error
        await pause(RETRY_MS)
      }
    }
  }

  async #setUpOne(number: number, user: string): Promise<void> {
    const { host, port, password } = this.#order
    const address = { host, port, secure: false }
    const phone = new Phone({
      address,
      user,
      password,
      device: `CROWD${this.#number}N${String(number).padStart(6, '0')}`,
    })
    const inbox = await primedInbox(phone)
    await phone.syncAll(inbox, { window: 512 })
    this.#phones.push({ phone, inbox, received: 0, isWaiting: false, answeredAt: undefined, askedAt: 0 })
  }

  start(): void {
    for (const one of this.#phones) this.#loops.push(this.#live(one))
  }

  async #live(one: Waiting): Promise<void> {
    while (!this.#isOver) {
      try {
        one.isWaiting = true
        one.askedAt = performance.now()
        one.answeredAt ??= one.askedAt
        const status = await this.#ping(one)
        one.isWaiting = false
        this.#heldAgain(one)
        one.answeredAt = performance.now()
        if (status === '2') one.received += await one.phone.syncAll(one.inbox, { window: 512 })
        else if (status !== '1') throw new Error(`Ping Status ${status}`)
      } catch (error) {
        one.isWaiting = false
        if (this.#isOver) return
        this.#count(error as Error)
        await pause(RETRY_MS)
      }
    }
  }

  #heldAgain({ answeredAt = Number.POSITIVE_INFINITY, askedAt }: Waiting): void {
    this.longestAwayMs = Math.max(this.longestAwayMs, askedAt - answeredAt)
  }

  /** Who hears nothing for longer than it asked for takes the connection for dead, as a phone does. */
  async #ping({ phone, inbox }: Waiting): Promise<string> {
    const { heartbeatSeconds } = this.#order
    const { promise: late, reject } = Promise.withResolvers<never>()
    const giveUp = () => {
      phone.close()
      reject(new Error(NOTHING_HEARD))
    }
    const timer = setTimeout(giveUp, heartbeatSeconds * 1000 + PATIENCE_MS).unref()
    try {
      return await Promise.race([phone.ping([inbox], heartbeatSeconds), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #count({ message }: Error): void {
    if (LATER.test(message)) this.trouble.later++
    else if (BROKEN.test(message))
      this.trouble.broken.set(message, (this.trouble.broken.get(message) ?? 0) + 1)
    else this.trouble.unknown.push(message)
  }

  async #takeRest(one: Waiting): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        one.received += await one.phone.syncAll(one.inbox, { window: 512 })
        return
      } catch (error) {
        if (tries === SET_UP_TRIES) throw error
        this.#count(error as Error)
        await pause(RETRY_MS)
      }
    }
  }

  /** Messages that came to all phones together since they were set up. */
  received(): number {
    return this.#phones.reduce((total, { received }) => total + received, 0)
  }

  /** Phones with a Ping on its way. */
  waiting(): number {
    return this.#phones.filter(({ isWaiting }) => isWaiting).length
  }

  /** Ends as it is, where a test has failed. */
  abandon(): void {
    this.#isOver = true
    for (const { phone } of this.#phones) phone.close()
  }

  /** Ends, and takes with each phone's own key what it didn't take yet. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const one of this.#phones) if (one.isWaiting) this.#heldAgain(one)
    for (const { phone } of this.#phones) phone.close()
    await Promise.all(this.#loops.map((loop) => Promise.race([loop, pause(RETRY_MS * 2)])))
    for (const one of this.#phones) await this.#takeRest(one)
    for (const { phone } of this.#phones) phone.close()
  }
}
