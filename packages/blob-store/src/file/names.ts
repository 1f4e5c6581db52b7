import { join } from 'node:path'
import { nameInvalid } from '../errors.ts'

const ID = /^[0-9a-f]{64}$/
const ARTEFACT = /^[a-z0-9][a-z0-9-]{0,31}$/
const BLOB_FILE = /^([0-9a-f]{64})(?:\.([a-z0-9][a-z0-9-]{0,31}))?$/
const MAX_TENANT_BYTES = 80

/** Temporary files of a tenant: writes on the way, and what a sweep has taken out but not yet removed. */
export const TEMPORARY = 'tmp'
export const SHELVES: readonly string[] = Array.from({ length: 256 }, (_, at) =>
  at.toString(16).padStart(2, '0'),
)

export type BlobFileName = { readonly id: string; readonly artefact: string | undefined }

const escapeByte = (byte: number) => `%${byte.toString(16).padStart(2, '0')}`

const isPlain = (byte: number) =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f

/**
 * A tenant's folder name. All but lower-case letters, digits, - and _ is escaped, so that no name climbs out
 * of the folder and two tenants never share one where the file system ignores case.
 */
export const tenantFolderName = (tenant: string): string => {
  const bytes = Buffer.from(tenant, 'utf8')
  if (bytes.length === 0 || bytes.length > MAX_TENANT_BYTES) throw nameInvalid('tenant')
  let name = ''
  for (const byte of bytes) name += isPlain(byte) ? String.fromCharCode(byte) : escapeByte(byte)
  return name
}

/** The tenant of a folder name; undefined for a folder that isn't a tenant's. */
export const tenantOfFolderName = (name: string): string | undefined => {
  if (!/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(name)) return undefined
  const bytes = name.replace(
    /%([0-9a-f]{2})|(.)/g,
    (_, hex, plain) => hex ?? escapeByte(plain.charCodeAt(0)).slice(1),
  )
  const tenant = Buffer.from(bytes, 'hex').toString('utf8')
  return tenant.length > 0 && tenantFolderName(tenant) === name ? tenant : undefined
}

/** The id itself, or BLOB_NAME_INVALID. */
export const checkedId = (id: string): string => {
  if (!ID.test(id)) throw nameInvalid('blob id')
  return id
}

/** The artefact's name itself, or BLOB_NAME_INVALID. */
export const checkedArtefact = (name: string): string => {
  if (!ARTEFACT.test(name)) throw nameInvalid('name of an artefact')
  return name
}

export const shelfOf = (id: string) => id.slice(0, 2)

/** What a file on a shelf is; undefined for a file that isn't ours. */
export const parseBlobFileName = (name: string): BlobFileName | undefined => {
  const match = BLOB_FILE.exec(name)
  return match ? { id: match[1]!, artefact: match[2] } : undefined
}

export const blobPath = (tenantFolder: string, id: string) => join(tenantFolder, shelfOf(id), id)
