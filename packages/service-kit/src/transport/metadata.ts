import { Identity as WireIdentity } from '@relais/proto/common/v1/identity.ts'
import { Metadata } from 'nice-grpc'
import type { Identity } from '../call.ts'
import { terminal } from '../errors.ts'
import { type Attempt, NOBODY } from './attempt.ts'

export const IDENTITY = 'relais-identity-bin'
export const CORRELATION = 'relais-correlation'
export const TRACEPARENT = 'traceparent'
/** Set by our own server from grpc-timeout; never taken from a peer. */
export const DEADLINE = 'relais-deadline'
/** Services that the caller's certificate names, between spaces; set by our own server, never taken from a peer. */
export const PEER_SERVICES = 'relais-peer-services'
export const ERROR = 'relais-error-bin'

/** The gRPC protocol's own header: at most eight digits and a unit. */
const TIMEOUT = 'grpc-timeout'
const MAX_TIMEOUT_DIGITS = 99_999_999

const timeoutText = (ms: number) =>
  ms > MAX_TIMEOUT_DIGITS ? `${Math.ceil(ms / 1000)}S` : `${Math.max(1, Math.ceil(ms))}m`

/** Copies what a caller put into the metadata by itself, without what only we may say. */
const ownMetadata = (given: Metadata | undefined): Metadata => {
  const metadata = Metadata(given)
  for (const name of [IDENTITY, CORRELATION, TRACEPARENT, DEADLINE, PEER_SERVICES, TIMEOUT])
    metadata.delete(name)
  return metadata
}

/** What travels with a call over the wire. */
export const toMetadata = (
  attempt: Attempt,
  given: Metadata | undefined,
  token: string | undefined,
): Metadata => {
  const metadata = ownMetadata(given)
  metadata.set(TIMEOUT, timeoutText(attempt.deadline - Date.now()))
  metadata.set(CORRELATION, attempt.correlation)
  if (attempt.traceparent !== '') metadata.set(TRACEPARENT, attempt.traceparent)
  if (attempt.identity !== NOBODY)
    metadata.set(IDENTITY, WireIdentity.encode(toWire(attempt.identity)).finish())
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  return metadata
}

const toWire = ({ tenant, actor, principal }: Identity): WireIdentity => ({ tenant, actor, principal })

/** Identity as a trusted peer states it; {@link NOBODY} if it states none. */
export const statedIdentity = (metadata: Metadata): Identity => {
  const bytes = metadata.get(IDENTITY)
  if (!(bytes instanceof Uint8Array)) return NOBODY
  try {
    const { tenant, actor, principal } = WireIdentity.decode(bytes)
    return { tenant, actor: actor ?? NOBODY.actor, principal }
  } catch (error) {
    throw terminal('UNAUTHENTICATED', "the caller's identity can't be read", { cause: error })
  }
}

/** A text field of the metadata. */
export const textOf = (metadata: Metadata, name: string): string | undefined => {
  const value = metadata.get(name)
  return typeof value === 'string' ? value : undefined
}
