import { X509Certificate } from 'node:crypto'

/** Of DER: those of mail have one to three kilobytes. */
export const MAX_CERTIFICATE_BYTES = 8 * 1024

/** PEM says three bytes by four letters, with line ends, and may have words around it. */
const MAX_GIVEN_BYTES = 2 * MAX_CERTIFICATE_BYTES

export type Certificate = {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly der: Uint8Array
}

const BEGIN = '-----BEGIN CERTIFICATE-----'

/** What is read: DER begins with a sequence; PEM is taken from its first line on. */
const sourceOf = (bytes: Uint8Array): Uint8Array | undefined => {
  if (bytes[0] === 0x30) return bytes
  const text = Buffer.from(bytes).toString('latin1')
  const at = text.indexOf(BEGIN)
  if (at < 0 || text.indexOf(BEGIN, at + BEGIN.length) >= 0) return undefined
  return Buffer.from(text.slice(at), 'latin1')
}

const read = (source: Uint8Array): X509Certificate | undefined => {
  try {
    return new X509Certificate(source)
  } catch {
    return undefined
  }
}

/** The one X.509 certificate that DER or PEM has, with a key that can be read; undefined: it has none, several, or one that is too long. */
export const parseCertificate = (bytes: Uint8Array): Certificate | undefined => {
  if (bytes.length > MAX_GIVEN_BYTES) return undefined
  const source = sourceOf(bytes)
  const found = source && read(source)
  if (!found || found.raw.length > MAX_CERTIFICATE_BYTES || !hasKey(found)) return undefined
  // What stands behind it isn't part of it.
  if (bytes[0] === 0x30 && found.raw.length !== bytes.length) return undefined
  return {
    fingerprint: found.fingerprint256.replaceAll(':', '').toLowerCase(),
    der: Uint8Array.from(found.raw),
  }
}

const hasKey = (certificate: X509Certificate): boolean => {
  try {
    return certificate.publicKey.type === 'public'
  } catch {
    return false
  }
}
