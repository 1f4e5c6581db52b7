import { createHash, timingSafeEqual } from 'node:crypto'
import type { Metadata } from 'nice-grpc'
import type { Identity } from '../call.ts'
import { terminal } from '../errors.ts'
import { PEER_SERVICES, textOf } from './metadata.ts'

/**
 * Who a peer is: an identity of its own, or `trusted`: a service of ours whose word about the identity is taken.
 * Throws UNAUTHENTICATED.
 */
export type Authenticate = (
  metadata: Metadata,
  peer: string,
) => Identity | 'trusted' | Promise<Identity | 'trusted'>

/** The identity of whoever holds the administrators' token. */
export const OPERATOR: Identity = Object.freeze({
  tenant: '',
  actor: Object.freeze({ kind: 'operator', id: 'administrator', device: '' }),
  principal: '',
})

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Takes `authorization: Bearer TOKEN` for an operator; compares in constant time. */
export const bearerAuthentication = (token: string): Authenticate => {
  const wanted = digest(`Bearer ${token}`)
  return (metadata) => {
    const given = textOf(metadata, 'authorization')?.replace(/^bearer /i, 'Bearer ')
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) return OPERATOR
    throw terminal('UNAUTHENTICATED', "an administrator's token is needed")
  }
}

export const nobodyIsTrusted: Authenticate = () => {
  throw terminal('UNAUTHENTICATED', 'the server has no way to know who you are')
}

/** For a server that only completes TLS with peers whose certificate it knows. */
export const peersAreTrusted: Authenticate = () => 'trusted'

/**
 * Lets in services of ours, known by their certificates, and takes their word about the identity.
 * For a server that asks for certificates. Errors: PERMISSION_DENIED for a service that has no business here, and for a
 * certificate that names none.
 */
export const serviceAuthentication =
  (allowed: readonly string[]): Authenticate =>
  (metadata) => {
    const named = (textOf(metadata, PEER_SERVICES) ?? '').split(' ')
    if (named.some((name) => allowed.includes(name))) return 'trusted'
    throw terminal('PERMISSION_DENIED', 'the certificate names no service that may call this one')
  }
