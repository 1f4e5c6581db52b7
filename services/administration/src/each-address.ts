import { isIP } from 'node:net'
import { retryable } from '@relais/service-kit'

export type Connected<Client> = { readonly client: Client; close(): void }

export type EachAddressDeps<Client> = {
  /** `host:port` each; a host's name may stand for many. */
  readonly addresses: readonly string[]
  /** Addresses that a name has now. */
  readonly lookup: (host: string) => Promise<readonly string[]>
  readonly connect: (address: string) => Connected<Client>
}

/** A client for each process that stands behind some names: asked for anew whenever all of them are meant, since they come and go. */
export class EachAddress<Client> {
  readonly #deps: EachAddressDeps<Client>
  readonly #connected = new Map<string, Connected<Client>>()

  constructor(deps: EachAddressDeps<Client>) {
    this.#deps = deps
  }

  /** Errors: UNAVAILABLE when no name has an address. */
  async clients(): Promise<readonly [Client, ...Client[]]> {
    const known = await Promise.all(this.#deps.addresses.map((address) => this.#behind(address)))
    const there = new Set(known.flat())
    this.#leave((address) => !there.has(address))
    const [first, ...others] = [...there].map((address) => this.#at(address))
    if (first === undefined) throw retryable('UNAVAILABLE', 'the service has no address')
    return [first, ...others]
  }

  close(): void {
    this.#leave(() => true)
  }

  async #behind(address: string): Promise<readonly string[]> {
    const colon = address.lastIndexOf(':')
    const [host, port] = [address.slice(0, colon).replace(/^\[|\]$/g, ''), address.slice(colon + 1)]
    const found = isIP(host) === 0 ? await this.#deps.lookup(host).catch(() => []) : [host]
    return found.map((one) => (isIP(one) === 6 ? `[${one}]:${port}` : `${one}:${port}`))
  }

  #at(address: string): Client {
    const there = this.#connected.get(address) ?? this.#deps.connect(address)
    this.#connected.set(address, there)
    return there.client
  }

  #leave(isLeft: (address: string) => boolean): void {
    for (const [address, { close }] of this.#connected) {
      if (!isLeft(address)) continue
      close()
      this.#connected.delete(address)
    }
  }
}
