import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { cancelled, count, type RelaisError } from '@relais/service-kit'
import type { CommandOutcome, Waiting } from '../commands/command.ts'
import { type DeviceRows, decidedOn } from '../devices/device-rows.ts'
import type { DeviceRef, HeldRequest, HeldRequests } from '../held/held-requests.ts'
import type { Cause } from '../push/followed-accounts.ts'
import type { Leaving, WaitEnd, Waiters } from '../push/waiters.ts'
import { type AdmissionDeps, readmit } from './admission.ts'
import { clientAddress } from './client-address.ts'
import type { Caller, Post } from './post.ts'
import { rest } from './resting-connections.ts'

export type HeldPostDeps = AdmissionDeps & {
  readonly held: HeldRequests
  readonly waiters: Waiters
  readonly proxies: BlockList
}

/** Takes a request up again that waited; it is work from then on. `cause`: of the commit that woke it. */
export type GoOn = (post: Post, work: () => Promise<CommandOutcome>, cause?: Cause) => void

export type HoldOptions = { readonly post: Post; readonly waiting: Waiting; readonly goOn: GoOn }

/** Why a wait is over. */
type Ended = { readonly kind: WaitEnd['kind'] | 'ended'; readonly cause?: Cause }

/**
 * A request that waits, until something happens, its client goes, its account loses access or its device is blocked. It has no place.
 * It goes on once. There are ten thousands of them, so it is one object, without closures, and no function awaits its end: a frame
 * would keep in memory all that the request ever was.
 */
class HeldPost implements HeldRequest {
  readonly #deps: HeldPostDeps
  readonly #options: HoldOptions
  readonly #rows: DeviceRows
  readonly #caller: Caller
  readonly #onClose = () => this.end(cancelled())
  #waiter: Leaving | undefined
  #over = false

  constructor(deps: HeldPostDeps, options: HoldOptions, rows: DeviceRows) {
    this.#deps = deps
    this.#options = options
    this.#rows = rows
    this.#caller = callerOf(options.post, deps.proxies)
    options.post.caller = this.#caller
    forgetHead(options.post.request)
  }

  get device(): DeviceRef {
    return this.#rows.device
  }

  begin(): void {
    const { request, response } = this.#options.post
    this.#deps.held.add(this)
    response.on('close', this.#onClose)
    if (response.destroyed) this.#onClose()
    else this.#waiter = this.#deps.waiters.wait(this.#options.waiting.wait, this)
    if (this.#over) return
    this.#rows.rest()
    setImmediate(rest, request, response)
  }

  /** The wait is over. While it waited another process may have served the device. */
  done(end: WaitEnd): void {
    const { waiting } = this.#options
    const rows = this.#rows
    const work = async () => {
      await rows.refresh()
      return decidedOn(rows, async () => waiting.goOn(end))
    }
    this.#goOn(work, end)
  }

  end(reason: RelaisError): void {
    this.#goOn(() => Promise.reject(reason), { kind: 'ended' })
  }

  recheck(): Promise<void> {
    const { authorization, address } = this.#caller
    return readmit(this.#deps, this.device, authorization, () => address)
  }

  #goOn(work: () => Promise<CommandOutcome>, { kind, cause }: Ended): void {
    if (this.#over) return
    this.#over = true
    const { post, goOn } = this.#options
    post.response.off('close', this.#onClose)
    this.#deps.held.remove(this)
    this.#waiter?.leave()
    count('relais_wakes', { reason: kind })
    goOn(post, work, cause)
  }
}

const callerOf = ({ caller, request }: Post, proxies: BlockList): Caller =>
  caller ?? { authorization: request.headers.authorization, address: clientAddress(request, proxies) }

/** A kilobyte and more of texts, of which only the answer's coding is still needed. */
const forgetHead = (request: IncomingMessage): void => {
  const coding = request.headers['accept-encoding']
  request.headers = coding === undefined ? {} : { 'accept-encoding': coding }
  request.rawHeaders = []
}

/** From now on the request waits; `goOn` is called once, perhaps before this returns. */
export const holdPost = (deps: HeldPostDeps, options: HoldOptions): void => {
  const { rows } = options.post
  if (rows) new HeldPost(deps, options, rows).begin()
}
