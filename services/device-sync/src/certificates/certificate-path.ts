import { X509Certificate } from 'node:crypto'

/** Status of a certificate (MS-ASCMD 2.2.3.177.17). */
export const CERTIFICATE_STATUS = {
  ok: 1,
  badSignature: 3,
  untrusted: 4,
  badChain: 5,
  notForMail: 6,
  expired: 7,
  badFormat: 10,
  revocationUnknown: 16,
} as const

export type CertificateStatus = (typeof CERTIFICATE_STATUS)[keyof typeof CERTIFICATE_STATUS]

/** RFC 5280 4.2.1.12: what a key is for. */
const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4'
const ANY_PURPOSE = '2.5.29.37.0'

const MAX_DEPTH = 10
/** Of signatures, for one request: crossed chains could ask for thousands. */
export const MAX_CHECKS = 400

/** Certificates that others are issued by, which the client has sent along. */
export type Chain = readonly X509Certificate[]

/** Certificates that are believed without proof. */
export type TrustStore = {
  /** Those whose subject is this name. */
  named(subject: string): readonly X509Certificate[]
  has(certificate: X509Certificate): boolean
}

export const trustStoreOf = (certificates: readonly X509Certificate[]): TrustStore => {
  const bySubject = Map.groupBy(certificates, ({ subject }) => subject)
  const fingerprints = new Set(certificates.map(({ fingerprint256 }) => fingerprint256))
  return {
    named: (subject) => bySubject.get(subject) ?? [],
    has: ({ fingerprint256 }) => fingerprints.has(fingerprint256),
  }
}

/** A certificate from DER or PEM; undefined: it is none. */
export const parseCertificate = (bytes: Uint8Array): X509Certificate | undefined => {
  try {
    return new X509Certificate(bytes)
  } catch {
    return undefined
  }
}

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, now: number): boolean =>
  validFromDate.getTime() <= now && now <= validToDate.getTime()

const isForMail = ({ keyUsage }: X509Certificate): boolean =>
  // What Node calls keyUsage are the extended ones; without any a key is for everything.
  keyUsage === undefined ||
  keyUsage.length === 0 ||
  keyUsage.some((purpose) => purpose === EMAIL_PROTECTION || purpose === ANY_PURPOSE)

/** Whether mail can be encrypted for its key now; that it is believed is for the client to say. */
export const isUsableForMail = (certificate: X509Certificate, now: number): boolean =>
  isValidAt(certificate, now) && isForMail(certificate)

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean => {
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** Why no path was found, the best reason so far: a chain with a fault says more than one that ends in nothing. */
const RANK: readonly CertificateStatus[] = [
  CERTIFICATE_STATUS.untrusted,
  CERTIFICATE_STATUS.badChain,
  CERTIFICATE_STATUS.badSignature,
  CERTIFICATE_STATUS.ok,
]

const better = (a: CertificateStatus, b: CertificateStatus): CertificateStatus =>
  RANK.indexOf(a) >= RANK.indexOf(b) ? a : b

/** Looks for a path from a certificate to a trusted one (RFC 5280 6.1: names, signatures, times, authority). */
class PathSearch {
  private readonly chain: Chain
  private readonly trust: TrustStore
  private readonly now: number
  private readonly checks: { left: number }

  constructor({ chain, trust, now, checks }: Validation) {
    this.chain = chain
    this.trust = trust
    this.now = now
    this.checks = checks
  }

  from(certificate: X509Certificate, above: readonly string[] = []): CertificateStatus {
    if (this.trust.has(certificate)) return CERTIFICATE_STATUS.ok
    if (above.length >= MAX_DEPTH) return CERTIFICATE_STATUS.badChain
    let status: CertificateStatus = CERTIFICATE_STATUS.untrusted
    for (const issuer of this.issuersOf(certificate)) {
      if (above.includes(issuer.fingerprint256) || this.checks.left-- <= 0) continue
      status = better(status, this.through(certificate, issuer, [...above, certificate.fingerprint256]))
      if (status === CERTIFICATE_STATUS.ok) return status
    }
    return status
  }

  private issuersOf(certificate: X509Certificate): readonly X509Certificate[] {
    const { issuer, fingerprint256 } = certificate
    const sent = this.chain.filter((one) => one.subject === issuer && one.fingerprint256 !== fingerprint256)
    return [...this.trust.named(issuer), ...sent]
  }

  private through(
    certificate: X509Certificate,
    issuer: X509Certificate,
    above: readonly string[],
  ): CertificateStatus {
    if (!isSignedBy(certificate, issuer)) return CERTIFICATE_STATUS.badSignature
    if (!issuer.ca || !isValidAt(issuer, this.now) || !certificate.checkIssued(issuer))
      return CERTIFICATE_STATUS.badChain
    return this.from(issuer, above)
  }
}

export type Validation = {
  readonly chain: Chain
  readonly trust: TrustStore
  /** Milliseconds since 1970. */
  readonly now: number
  /** Whether it was asked if the certificate was revoked: lists of those aren't fetched, so that can't be told. */
  readonly checkRevocation: boolean
  /** Signatures that may still be checked, from {@link MAX_CHECKS} on. */
  readonly checks: { left: number }
}

/** What a certificate is worth for signed and encrypted mail. */
export const validateCertificate = (
  certificate: X509Certificate,
  validation: Validation,
): CertificateStatus => {
  if (!isValidAt(certificate, validation.now)) return CERTIFICATE_STATUS.expired
  const status = new PathSearch(validation).from(certificate)
  if (status !== CERTIFICATE_STATUS.ok) return status
  if (!isForMail(certificate)) return CERTIFICATE_STATUS.notForMail
  return validation.checkRevocation ? CERTIFICATE_STATUS.revocationUnknown : CERTIFICATE_STATUS.ok
}
