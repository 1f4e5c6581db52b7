import { type Address, foldLocal, makeAddress, normalizeLocal } from '../address/address.ts'

/** Whom a sign-in is about: an address, or a name in the default tenant. */
export type Login =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'name'; readonly local: string }

export type LoginFields = {
  /** mike@ox.io, ox.io\mike, ox.io\mike@ox.io or mike. */
  readonly login: string
  /** Where the protocol has a field of its own for it; what the login says itself goes before it. */
  readonly domain: string
}

/** Longer than any address behind any domain; what is longer isn't looked at. */
const MAX_LOGIN = 600

/** What phones send for a domain that their user left empty. */
const DEFAULT_DOMAIN = 'defaultcontext'

const inDomain = (name: string, domain: string): Login | undefined => {
  if (domain === '' || domain.toLowerCase() === DEFAULT_DOMAIN) return inDefaultTenant(name)
  const address = makeAddress(name, domain)
  return address && { kind: 'address', address }
}

const inDefaultTenant = (name: string): Login | undefined => {
  const local = normalizeLocal(name)
  return local === undefined ? undefined : { kind: 'name', local: foldLocal(local) }
}

const splitDomain = ({ login, domain }: LoginFields) => {
  const backslash = login.indexOf('\\')
  return backslash < 0
    ? { name: login, domain }
    : { name: login.slice(backslash + 1), domain: login.slice(0, backslash) }
}

/** Reads every form of login. Undefined: nobody can have it. */
export const parseLogin = (fields: LoginFields): Login | undefined => {
  if (fields.login.length > MAX_LOGIN || fields.domain.length > MAX_LOGIN) return undefined
  const { name, domain } = splitDomain({ login: fields.login.trim(), domain: fields.domain.trim() })
  const at = name.lastIndexOf('@')
  if (at < 0) return inDomain(name, domain)
  return at === name.length - 1 ? undefined : inDomain(name.slice(0, at), name.slice(at + 1))
}
