import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceUri } from '@relais/service-kit'
import { createAuthority } from '@relais/testing'

export const SERVICES = ['directory', 'mail', 'mail-transport', 'device-sync', 'administration'] as const
export type ServiceName = (typeof SERVICES)[number]

/** Files in PEM that a service's process reads. */
export type CertificateFiles = { readonly certificate: string; readonly key: string; readonly ca: string }

export type Certificates = {
  /** PEM of the authority. */
  readonly ca: string
  readonly of: (service: ServiceName) => CertificateFiles
}

const YEAR_MS = 365 * 24 * 3_600_000

/** A new authority and a certificate for each service, at each start; the authority's key is never written. */
export const makeCertificates = async (folder: string): Promise<Certificates> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const authority = await createAuthority('Relais on this machine', YEAR_MS)
  const place = (name: string) => join(folder, name)
  writeFileSync(place('ca.crt'), authority.ca)
  for (const service of SERVICES) {
    const made = await authority.issue(service, { uris: [serviceUri(service)], validForMs: YEAR_MS })
    writeFileSync(place(`${service}.key`), made.key, { mode: 0o600 })
    writeFileSync(place(`${service}.crt`), made.certificate)
  }
  return {
    ca: authority.ca,
    of: (service) => ({
      certificate: place(`${service}.crt`),
      key: place(`${service}.key`),
      ca: place('ca.crt'),
    }),
  }
}
