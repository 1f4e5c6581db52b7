import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { terminal } from '@relais/service-kit'
import { type TrustStore, trustStoreOf } from './certificate-path.ts'

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Those in a text of PEM blocks. Errors: CONFIGURATION_INVALID where there is none, or one can't be read. */
export const certificatesIn = (pem: string): readonly X509Certificate[] => {
  const blocks = pem.match(PEM) ?? []
  if (blocks.length === 0)
    throw terminal('CONFIGURATION_INVALID', 'there are no certificates in PEM to trust')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (cause) {
    throw terminal('CONFIGURATION_INVALID', "a certificate to trust can't be read", { cause })
  }
}

/** The text of a file of such certificates; no file: undefined. Errors: TLS_FILE_UNREADABLE. */
export const readTrustedCertificates = (file: string | undefined): string | undefined => {
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw terminal('TLS_FILE_UNREADABLE', `${file} can't be read: ${(cause as Error).message}`, { cause })
  }
}

/** Whom certificates of mail are believed by: those that are configured, else those that Node comes with. Read at the first question. */
export const trustedCertificates = (pem: string | undefined): (() => TrustStore) => {
  const configured = pem === undefined ? undefined : trustStoreOf(certificatesIn(pem))
  let built: TrustStore | undefined
  return () => {
    built ??= configured ?? trustStoreOf(getCACertificates('default').map((one) => new X509Certificate(one)))
    return built
  }
}
