import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const HOUR = 3_600_000

export type Credentials = { readonly certificate: string; readonly key: string }

/** A certificate authority for tests and for a cluster on one machine: its key is in memory alone. */
export type Authority = {
  /** PEM */
  readonly ca: string
  issue(name: string, more?: Particulars): Promise<Credentials>
}

export type Particulars = {
  /** URIs among its names. */
  readonly uris?: readonly string[]
  /** Hosts among its names, beside localhost. */
  readonly hosts?: readonly string[]
  /** It isn't for this machine: neither localhost nor 127.0.0.1 are among its names. */
  readonly isElsewhere?: boolean
  /** Its last moment, in milliseconds from now; default an hour. */
  readonly validForMs?: number
}

const keyPair = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const validity = (validForMs = HOUR) => ({
  notBefore: new Date(Date.now() - 24 * HOUR),
  notAfter: new Date(Date.now() + validForMs),
  signingAlgorithm: ALGORITHM,
})

const pemOf = async (key: CryptoKey) => {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
}

/** `validForMs`: of the authority's own certificate; default an hour. */
export const createAuthority = async (name: string, validForMs?: number): Promise<Authority> => {
  const keys = await keyPair()
  const root = await X509CertificateGenerator.createSelfSigned({
    ...validity(validForMs),
    name: `CN=${name}`,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    ca: root.toString('pem'),
    issue: (subject, more = {}) => issue({ root, signingKey: keys.privateKey }, subject, more),
  }
}

const HERE = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
] as const

type Issuer = { readonly root: X509Certificate; readonly signingKey: CryptoKey }

const issue = async (
  { root, signingKey }: Issuer,
  subject: string,
  { uris = [], hosts = [], isElsewhere = false, validForMs }: Particulars,
): Promise<Credentials> => {
  const keys = await keyPair()
  const certificate = await X509CertificateGenerator.create({
    ...validity(validForMs),
    subject: `CN=${subject}`,
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new SubjectAlternativeNameExtension([
        ...(isElsewhere ? [] : HERE),
        ...hosts.map((value) => ({ type: 'dns' as const, value })),
        ...uris.map((value) => ({ type: 'url' as const, value })),
      ]),
    ],
  })
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) }
}
