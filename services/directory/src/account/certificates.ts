import { terminal } from '@relais/service-kit/errors.ts'
import { MAX_CERTIFICATE_BYTES, parseCertificate } from '../certificate/certificate.ts'
import type { DirectoryEvent } from '../events.ts'
import type { Account } from './account.ts'

export type AddCertificate = { readonly type: 'AddCertificate'; readonly certificate: Uint8Array }
export type RemoveCertificate = { readonly type: 'RemoveCertificate'; readonly fingerprint: string }
export type CertificateCommand = AddCertificate | RemoveCertificate

/** All of them are in an answer to whoever writes to somebody. */
export const MAX_CERTIFICATES = 10

/** Errors: INVALID_ARGUMENT. */
export const requireCertificate = (bytes: Uint8Array) => {
  const certificate = parseCertificate(bytes)
  if (certificate) return certificate
  const reason = `that is not one X.509 certificate in DER or PEM of at most ${MAX_CERTIFICATE_BYTES} bytes`
  throw terminal('INVALID_ARGUMENT', reason)
}

export const addCertificate = (
  { certificates }: Account,
  { certificate: given }: AddCertificate,
): readonly DirectoryEvent[] => {
  const { fingerprint, der: certificate } = requireCertificate(given)
  if (certificates.includes(fingerprint)) return []
  if (certificates.length >= MAX_CERTIFICATES)
    throw terminal('FAILED_PRECONDITION', `an account has at most ${MAX_CERTIFICATES} certificates`)
  return [{ type: 'CertificateAdded', payload: { fingerprint, certificate } }]
}

export const removeCertificate = (
  { certificates }: Account,
  { fingerprint }: RemoveCertificate,
): readonly DirectoryEvent[] => {
  if (!certificates.includes(fingerprint)) throw terminal('NOT_FOUND', 'the account has no such certificate')
  return [{ type: 'CertificateRemoved', payload: { fingerprint } }]
}
