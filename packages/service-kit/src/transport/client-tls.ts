import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { ChannelCredentials, experimental } from '@grpc/grpc-js'
import { namesService } from './peer-name.ts'
import type { CertificateSource } from './server-tls.ts'

export type ClientTls = {
  /** PEM of the authority that the server's certificate comes from; default: those that Node knows. */
  readonly ca?: string
  /** PEM of our own certificate and key, where the server wants one. */
  readonly certificate?: string
  readonly key?: string
  /** Name to expect in the server's certificate, if it isn't that of the address. */
  readonly serverName?: string
}

/** For a call from service to service: both show a certificate of our authority, and the other's must name the service that is called. */
export type PeerTls = {
  /** New ones are used by the next connection. */
  readonly certificates: CertificateSource
  readonly service: string
}

type Connection = {
  readonly credentials: ChannelCredentials
  readonly options: Readonly<Record<string, string>>
}

/** How a channel connects to `host:port`. */
export const connectionOf = (address: string, tls: ClientTls | PeerTls | undefined): Connection => {
  if (tls === undefined) return { credentials: ChannelCredentials.createInsecure(), options: {} }
  return 'certificates' in tls ? toPeer(tls) : secured(tls, tls.serverName ?? hostOf(address))
}

/** The name in the certificate says who it is, wherever it runs: addresses of pods change. */
const toPeer = ({ certificates, service }: PeerTls): Connection => ({
  credentials: experimental.createCertificateProviderChannelCredentials(certificates, certificates, {
    checkServerIdentity: (_host, { subjectaltname }) =>
      namesService(subjectaltname, service)
        ? undefined
        : new Error(`its certificate doesn't name the service ${service}`),
  }),
  options: { 'grpc.ssl_target_name_override': 'localhost' },
})

const hostOf = (address: string) => address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')

/** A TLS handshake can't name an IP address (RFC 6066 3), and Node 26 refuses what grpc-js tries: another name is sent, the address is checked. */
const secured = (tls: ClientTls, expected: string) => ({
  credentials: ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.certificate), {
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(expected, certificate),
  }),
  options: { 'grpc.ssl_target_name_override': isIP(expected) === 0 ? expected : 'localhost' },
})

const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
