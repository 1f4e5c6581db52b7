import 'reflect-metadata'
import { X509Certificate as NodeCertificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000

export const MAIL_PURPOSE = '1.3.6.1.5.5.7.3.4'
export const SERVER_PURPOSE = '1.3.6.1.5.5.7.3.1'

type Keys = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }

export type TestCertificate = {
  readonly certificate: X509Certificate
  readonly keys: Keys
  /** DER in base64, as clients send it. */
  readonly base64: string
  readonly node: NodeCertificate
}

export type Particulars = {
  readonly ca?: boolean
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly purposes?: readonly string[]
}

const made = (certificate: X509Certificate, keys: Keys): TestCertificate => ({
  ...{ certificate, keys, base64: Buffer.from(certificate.rawData).toString('base64') },
  node: new NodeCertificate(Buffer.from(certificate.rawData)),
})

const keyPair = (): Promise<Keys> => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const generated = ({ ca = false, from = -10, to = 10, purposes = [] }: Particulars) => ({
  notBefore: new Date(Date.now() + from * DAY),
  notAfter: new Date(Date.now() + to * DAY),
  signingAlgorithm: ALGORITHM,
  extensions: [
    new BasicConstraintsExtension(ca, undefined, true),
    ...(purposes.length > 0 ? [new ExtendedKeyUsageExtension([...purposes])] : []),
  ],
})

/** An authority that nobody stands above. */
export const createRoot = async (name: string, particulars: Particulars = {}): Promise<TestCertificate> => {
  const keys = await keyPair()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...generated({ ca: true, ...particulars }),
    name: `CN=${name}`,
    keys,
  })
  return made(certificate, keys)
}

/** One that `issuer` has signed; `signer`: another's key, though it says it is `issuer`'s. */
export const issue = async (
  issuer: TestCertificate,
  name: string,
  { signer = issuer, ...particulars }: Particulars & { readonly signer?: TestCertificate } = {},
): Promise<TestCertificate> => {
  const keys = await keyPair()
  const certificate = await X509CertificateGenerator.create({
    ...generated(particulars),
    subject: `CN=${name}`,
    issuer: issuer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
  })
  return made(certificate, keys)
}
