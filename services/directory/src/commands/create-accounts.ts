import { ConflictError } from '@relais/event-log'
import type { CreatedAccount, NewAccount } from '@relais/proto/directory/v1/directory.ts'
import type { Projector } from '@relais/read-store'
import { isCoded, terminal } from '@relais/service-kit/errors.ts'
import { noAccount } from '../account/account.ts'
import { type CreateAccount, decideAccount } from '../account/decide.ts'
import { requireAddress } from '../account/fields.ts'
import type { Address } from '../address/address.ts'
import { normalizePassword } from '../credential/password.ts'
import type { Argon2Cost } from '../credential/password-hash.ts'
import type { Ids } from '../ids.ts'
import { holderOf } from '../queries/accounts.ts'
import type { PasswordHasher } from '../sign-in/password-hasher.ts'
import type { Claims } from './claims.ts'
import { addressName } from './names.ts'
import { accountStream, type Command, conflict, type DirectoryStreams } from './streams.ts'

type Deps = {
  readonly projector: Projector
  readonly streams: DirectoryStreams
  readonly claims: Claims
  readonly hasher: PasswordHasher
  readonly ids: Ids
}

export type Creation = {
  readonly tenant: string
  readonly domains: readonly string[]
  readonly accounts: readonly NewAccount[]
  /** Of hashes; absent: what lasting accounts cost. */
  readonly cost?: Argon2Cost | undefined
}

type Draft = { readonly decision: CreateAccount; readonly addresses: readonly Address[] }

const accountCommand = (account: string, wanted: NewAccount): CreateAccount => {
  const { address, displayName, aliases, locale, timeZone, quotaBytes, attributes } = wanted
  const fields = { displayName, locale, timeZone, quotaBytes, attributes }
  return { type: 'CreateAccount', account, address, aliases, ...fields, passwordHash: '' }
}

/** Errors: INVALID_ARGUMENT. */
export const requirePassword = (text: string): string => {
  const password = normalizePassword(text)
  if (password === undefined)
    throw terminal('INVALID_ARGUMENT', 'a password has 1 to 1,024 bytes and no control characters')
  return password
}

const unknownDomain = ({ domain }: Address) =>
  terminal('UNKNOWN_DOMAIN', `${domain} is no domain of the tenant`)

/** Errors: UNKNOWN_DOMAIN, ADDRESS_TAKEN. */
export const requireFree = async (
  { projector }: Pick<Deps, 'projector'>,
  { tenant, domains }: Pick<Creation, 'tenant' | 'domains'>,
  address: Address,
): Promise<void> => {
  if (!domains.includes(address.domain)) throw unknownDomain(address)
  if ((await holderOf(projector.store, tenant, address.key)) !== undefined)
    throw addressName(tenant, address).taken()
}

/** Makes accounts, each accepted or refused on its own; its commit is one, whatever it has. */
export class AccountCreation {
  readonly #deps: Deps
  readonly #command: Command
  readonly #creation: Creation
  /** Addresses that earlier accounts of the same call want. */
  readonly #wanted = new Set<string>()
  #position = 0

  constructor(deps: Deps, command: Command, creation: Creation) {
    this.#deps = deps
    this.#command = command
    this.#creation = creation
  }

  /** Resolves when the rows are there. */
  async run(): Promise<{ accounts: CreatedAccount[]; position: number }> {
    const accounts = await Promise.all(this.#creation.accounts.map((wanted) => this.#outcome(wanted)))
    await this.#deps.streams.waitFor(this.#position, this.#command)
    return { accounts, position: this.#position }
  }

  async #outcome(wanted: NewAccount): Promise<CreatedAccount> {
    const { address } = wanted
    try {
      return { address, account: await this.#create(wanted), code: '', reason: '' }
    } catch (error) {
      if (!isCoded(error)) throw error
      return { address, account: '', code: error.code, reason: error.message }
    }
  }

  async #create(wanted: NewAccount): Promise<string> {
    const { decision, addresses } = this.#draft(wanted)
    for (const address of addresses) await requireFree(this.#deps, this.#creation, address)
    const passwordHash = await this.#hash(wanted.password)
    await this.#append({ ...decision, passwordHash }, addresses)
    return decision.account
  }

  /** Everything that can be told without looking anything up; takes the addresses within this call. */
  #draft(wanted: NewAccount): Draft {
    const decision = accountCommand(this.#deps.ids.account(), wanted)
    decideAccount(noAccount, decision)
    if (wanted.password !== '') requirePassword(wanted.password)
    const all = [wanted.address, ...wanted.aliases].map(requireAddress)
    const addresses = [...new Map(all.map((address) => [address.key, address])).values()]
    const taken = addresses.find(({ key }) => this.#wanted.has(key))
    if (taken) throw addressName(this.#creation.tenant, taken).taken()
    for (const { key } of addresses) this.#wanted.add(key)
    return { decision, addresses }
  }

  async #hash(password: string): Promise<string> {
    if (password === '') return ''
    const { deadline } = this.#command.call
    return this.#deps.hasher.hash(requirePassword(password), { deadline, cost: this.#creation.cost })
  }

  async #append(decision: CreateAccount, addresses: readonly Address[]): Promise<void> {
    const { claims, streams, ids } = this.#deps
    const { tenant } = this.#creation
    const { account } = decision
    const names = addresses.map((address) => addressName(tenant, address))
    await claims.claimAll(names, account, this.#command)
    const change = {
      stream: accountStream(tenant, account),
      events: decideAccount(noAccount, decision),
      expected: 0,
    }
    try {
      const { position } = await streams.append({ ...this.#command, commandId: ids.command() }, change)
      this.#position = Math.max(this.#position, position)
    } catch (error) {
      // Somebody took over claims that we were slow to use.
      throw error instanceof ConflictError ? conflict() : error
    }
  }
}
