import { createHmac } from 'node:crypto'

/** A key of fewer bytes could be guessed. */
const KEY_BYTES = 32

export type Fingerprints = {
  /** Of a credential: the same password of the same account, for the same scope and version, and no other. */
  readonly credential: (credential: Credential) => Buffer
  /** Of a network from which an account signs in. */
  readonly network: (subject: Subject, network: string) => Buffer
}

export type Subject = { readonly tenant: string; readonly account: string }

export type Credential = Subject & {
  /** Changes with the account's passwords and state: older fingerprints are never met again. */
  readonly version: number
  readonly scope: string
  readonly password: string
}

/** Keyed hashes (HMAC-SHA-256): without the key, which lies outside the store, nothing can be tried against them. */
export const createFingerprints = (key: Uint8Array): Fingerprints => {
  if (key.length !== KEY_BYTES) throw new Error(`a credential key has ${KEY_BYTES} bytes, not ${key.length}`)
  const keyed = (...parts: readonly (string | number)[]) =>
    createHmac('sha256', key).update(parts.join('\0')).digest()
  return {
    credential: ({ tenant, account, version, scope, password }) =>
      keyed('credential', tenant, account, version, scope, password),
    network: ({ tenant, account }, network) => keyed('network', tenant, account, network),
  }
}
