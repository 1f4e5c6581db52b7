import type { EventLog, Notice } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras, Identity } from '@relais/service-kit'
import { type LocalRecipient, resolveRecipient } from './recipients.ts'

/** A recipient is remembered this long; a notice of the directory's forgets it at once. */
const REMEMBERED_MS = 60_000
const MAX_REMEMBERED = 100_000

/** The account of facts that all accounts of a tenant have, and the tenant of those that all tenants have. */
const ALL = '-'

const GATEWAY: Identity = {
  tenant: '',
  principal: '',
  actor: { kind: 'service', id: 'mail-transport', device: '' },
}

export type KnownRecipientsDeps = {
  readonly directory: DirectoryClient<CallExtras>
  readonly log: Pick<EventLog, 'notices'>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

type Remembered = { readonly recipient: LocalRecipient; readonly until: number }

/** Who gets mail here, remembered: a list's hundred messages and a site's daily thousands go to the same people. Refusals aren't remembered. */
export class KnownRecipients {
  readonly #deps: KnownRecipientsDeps
  readonly #known = new Map<string, Remembered>()
  readonly #addresses = new Map<string, Set<string>>()
  readonly #notices: { close(): void }
  /** Of the directory's last commit: what is asked after it must know it. */
  #position = 0

  constructor(deps: KnownRecipientsDeps) {
    this.#deps = deps
    this.#notices = deps.log.notices({ service: 'directory' }, (notice) => this.#hear(notice))
  }

  /** The account behind an address. Errors: those of {@link resolveRecipient}. */
  async find(address: string): Promise<LocalRecipient> {
    const { directory, clock } = this.#deps
    const known = this.#known.get(address)
    if (known !== undefined && known.until > clock()) return known.recipient
    const asked = this.#position
    const query = { address, minPosition: asked }
    const recipient = await resolveRecipient(directory, query, { identity: GATEWAY })
    // An answer that a fact has overtaken may be of before it.
    if (asked === this.#position) this.#remember(address, recipient)
    return recipient
  }

  close(): void {
    this.#notices.close()
  }

  #remember(address: string, recipient: LocalRecipient) {
    this.#forget(address)
    this.#known.set(address, { recipient, until: this.#deps.clock() + REMEMBERED_MS })
    const addresses = this.#addresses.get(keyOf(recipient)) ?? new Set()
    this.#addresses.set(keyOf(recipient), addresses.add(address))
    if (this.#known.size > MAX_REMEMBERED) this.#forget(this.#known.keys().next().value ?? '')
  }

  #forget(address: string) {
    const known = this.#known.get(address)
    if (known === undefined) return
    this.#known.delete(address)
    const addresses = this.#addresses.get(keyOf(known.recipient))
    addresses?.delete(address)
    if (addresses?.size === 0) this.#addresses.delete(keyOf(known.recipient))
  }

  #hear(notice: Notice) {
    this.#position = notice.position
    const { tenant, account } = notice
    const concerned =
      tenant === ALL || account === ALL ? this.#ofTenant(tenant) : this.#addresses.get(keyOf(notice))
    for (const address of concerned ?? []) this.#forget(address)
  }

  #ofTenant(tenant: string): readonly string[] {
    const all = [...this.#known]
    return all
      .filter(([, { recipient }]) => tenant === ALL || recipient.tenant === tenant)
      .map(([address]) => address)
  }
}

const keyOf = ({ tenant, account }: Pick<LocalRecipient, 'tenant' | 'account'>) => `${tenant}/${account}`
