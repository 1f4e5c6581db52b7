import 'reflect-metadata'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** PEM text of a certificate (chain) and its private key. */
export type Certificate = { readonly cert: string; readonly key: string }

/** Apple's systems refuse server certificates that are valid for longer (HT211025). */
const VALID_DAYS = 397

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A self-signed server certificate for these names and addresses, for a network without a public name. */
export const generateCertificate = async (hosts: readonly string[], now: Date): Promise<Certificate> => {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['Relais'] }, { CN: [hosts[0] ?? 'localhost'] }],
    notBefore: new Date(now.getTime() - 3600_000),
    notAfter: new Date(now.getTime() + VALID_DAYS * 24 * 3600_000),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map(generalName)),
    ],
  })
  return {
    cert: certificate.toString('pem'),
    key: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
  }
}

const generalName = (host: string): JsonGeneralName => ({
  type: isIP(host) === 0 ? 'dns' : 'ip',
  value: host,
})

const pem = (label: string, der: ArrayBuffer) =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`
