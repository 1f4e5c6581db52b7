import type { RelaisError } from '@relais/service-kit'

/** A device of an account. */
export type DeviceRef = { readonly tenant: string; readonly account: string; readonly device: string }

/** A request that waits for something to happen (Ping, Sync with Wait or HeartbeatInterval). */
export type HeldRequest = {
  readonly device: DeviceRef
  /** Ends it at once; its caller is told by `reason`. */
  end(reason: RelaisError): void
  /** Rejects if the request, made anew, would not be let in any more (wrong password, disabled, device blocked). */
  recheck(): Promise<void>
}

const accountKey = ({ tenant, account }: { tenant: string; account: string }): string =>
  `${tenant}/${account}`

/** All requests that wait in this process, by account. */
export class HeldRequests {
  readonly #byAccount = new Map<string, Set<HeldRequest>>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** From now on the request is ended or rechecked with its account. */
  add(request: HeldRequest): void {
    const key = accountKey(request.device)
    const of = this.#byAccount.get(key) ?? new Set()
    this.#byAccount.set(key, of.add(request))
    this.#count += 1
  }

  remove(request: HeldRequest): void {
    const key = accountKey(request.device)
    const of = this.#byAccount.get(key)
    if (!of?.delete(request)) return
    this.#count -= 1
    if (of.size === 0) this.#byAccount.delete(key)
  }

  #of(tenant: string, account: string): readonly HeldRequest[] {
    return [...(this.#byAccount.get(accountKey({ tenant, account })) ?? [])]
  }

  isHeld(device: DeviceRef): boolean {
    return this.#of(device.tenant, device.account).some((held) => held.device.device === device.device)
  }

  endAccount(tenant: string, account: string, reason: RelaisError): void {
    for (const held of this.#of(tenant, account)) held.end(reason)
  }

  endTenant(tenant: string, reason: RelaisError): void {
    for (const one of this.accounts()) if (one.tenant === tenant) this.endAccount(tenant, one.account, reason)
  }

  /** Accounts that hold requests. */
  accounts(): readonly { readonly tenant: string; readonly account: string }[] {
    return [...this.#byAccount.values()].flatMap((of) => [...of].slice(0, 1).map(({ device }) => device))
  }

  /** Ends those requests of an account that would not be let in any more. */
  async recheckAccount(tenant: string, account: string): Promise<void> {
    for (const held of this.#of(tenant, account))
      await held.recheck().catch((error: RelaisError) => held.end(error))
  }
}
