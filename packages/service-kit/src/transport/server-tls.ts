import { createPrivateKey, X509Certificate } from 'node:crypto'
import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import { terminal } from '../errors.ts'

export type ServerTls = {
  /** PEM, the server's own first. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  /** PEM. With it a peer must show a certificate of this authority, and is trusted. */
  readonly clientCa?: string
}

type IdentityListener = experimental.IdentityCertificateUpdateListener
type CaListener = experimental.CaCertificateUpdateListener

/**
 * Hands certificates to grpc-js, new ones also to a server that listens: open connections keep theirs. A new listener is
 * told in the next tick, as grpc-js's own source does it: it isn't ready before.
 */
export class CertificateSource implements experimental.CertificateProvider {
  #tls: ServerTls
  readonly #identityListeners = new Set<IdentityListener>()
  readonly #caListeners = new Set<CaListener>()

  constructor(tls: ServerTls) {
    this.#tls = usable(tls)
  }

  credentials(): ServerCredentials {
    const clients = this.#tls.clientCa === undefined ? null : this
    // grpc-js 1.14.7 declares the first two parameters in the wrong order: the server's own certificate comes first.
    return experimental.createCertificateProviderServerCredentials(this, clients, clients !== null)
  }

  /** Errors: TLS_CERTIFICATE_INVALID; the present certificate stays then. */
  replace(tls: ServerTls): void {
    this.#tls = usable(tls)
    for (const listener of this.#caListeners) this.#tellCa(listener)
    for (const listener of this.#identityListeners) this.#tellIdentity(listener)
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener)
    process.nextTick(() => this.#tellIdentity(listener))
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener)
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener)
    process.nextTick(() => this.#tellCa(listener))
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener)
  }

  #tellIdentity(listener: IdentityListener): void {
    listener({ certificate: Buffer.from(this.#tls.certificate), privateKey: Buffer.from(this.#tls.key) })
  }

  #tellCa(listener: CaListener): void {
    listener(this.#tls.clientCa === undefined ? null : { caCertificate: Buffer.from(this.#tls.clientCa) })
  }
}

const usable = (tls: ServerTls): ServerTls => {
  if (!isPair(tls)) throw invalid("the key isn't that of the certificate")
  return tls
}

const isPair = ({ certificate, key, clientCa }: ServerTls): boolean => {
  try {
    if (clientCa !== undefined) new X509Certificate(clientCa)
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch (error) {
    throw invalid((error as Error).message)
  }
}

const invalid = (reason: string) =>
  terminal('TLS_CERTIFICATE_INVALID', `certificate and key can't be used: ${reason}`)
