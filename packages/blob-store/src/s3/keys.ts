import { nameInvalid } from '../errors.ts'
import { parseBlobFileName, shelfOf, tenantFolderName } from '../file/names.ts'

export type StoredKey = { readonly id: string; readonly artefact: string | undefined }

const isPlain = (byte: number) =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d

const escapeByte = (byte: number) => `_${byte.toString(16).padStart(2, '0')}`

/**
 * A tenant's part of a key: all but lower-case letters, digits and - is escaped as _ and two hex digits, so that no name leaves
 * its part, and no server or signature has anything to encode.
 */
export const tenantKey = (tenant: string): string => {
  tenantFolderName(tenant) // refuses what is no tenant's name
  let key = ''
  for (const byte of Buffer.from(tenant, 'utf8'))
    key += isPlain(byte) ? String.fromCharCode(byte) : escapeByte(byte)
  return key
}

/** The tenant of a part of a key; undefined if no tenant's name makes it. */
export const tenantOfKey = (key: string): string | undefined => {
  if (!/^(?:[a-z0-9-]|_[0-9a-f]{2})+$/.test(key)) return undefined
  const hex = key.replace(/_([0-9a-f]{2})|(.)/g, (_, escaped, plain) => escaped ?? byteHex(plain))
  const tenant = Buffer.from(hex, 'hex').toString('utf8')
  return isMadeBy(tenant, key) ? tenant : undefined
}

const byteHex = (character: string) => escapeByte(character.charCodeAt(0)).slice(1)

const isMadeBy = (tenant: string, key: string): boolean => {
  try {
    return tenantKey(tenant) === key
  } catch {
    return false
  }
}

const PREFIX = /^(?:[A-Za-z0-9._-]+\/)*$/

/** The prefix of all keys, with a slash at its end unless it is empty. Errors: BLOB_NAME_INVALID. */
export const checkedPrefix = (prefix: string): string => {
  const whole = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  const climbs = whole.split('/').some((part) => part === '.' || part === '..')
  if (!PREFIX.test(whole) || whole.length > 200 || climbs) throw nameInvalid('prefix of keys')
  return whole
}

/** Where things lie in a bucket. */
export class Keys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = checkedPrefix(prefix)
  }

  /** Has a folder for each tenant. */
  get allBlobs(): string {
    return `${this.#prefix}blobs/`
  }

  blobs(tenant: string): string {
    return `${this.allBlobs}${tenantKey(tenant)}/`
  }

  blob(tenant: string, id: string): string {
    return `${this.blobs(tenant)}${shelfOf(id)}/${id}`
  }

  artefact(tenant: string, id: string, name: string): string {
    return `${this.blob(tenant, id)}.${name}`
  }

  /** Large content on its way. */
  uploads(tenant: string): string {
    return `${this.#prefix}uploads/${tenantKey(tenant)}/`
  }

  /** What sweeps under way are about to remove. */
  sweeps(tenant: string): string {
    return `${this.#prefix}sweeps/${tenantKey(tenant)}/`
  }
}

/** What lies under a key among a tenant's blobs; undefined for what isn't ours. */
export const storedUnder = (key: string): StoredKey | undefined =>
  parseBlobFileName(key.slice(key.lastIndexOf('/') + 1))
