import type { Actor } from '@relais/proto/common/v1/log.ts'

/** Who acts, for whom, in which tenant. Travels with every call. */
export type Identity = {
  /** '' only for operators of the whole installation. */
  readonly tenant: string
  readonly actor: Actor
  /** Account for whom the actor acts; '' where it is nobody's. */
  readonly principal: string
}

/** What every handler finds in its context besides nice-grpc's own fields. */
export type Call = {
  readonly identity: Identity
  /** Milliseconds since 1970. */
  readonly deadline: number
  readonly correlation: string
  readonly traceparent: string
}

/** What every caller may say besides nice-grpc's own options. */
export type CallExtras = {
  readonly identity?: Identity
  /** Milliseconds from now; default 10,000. */
  readonly timeoutMs?: number
  readonly correlation?: string
  readonly traceparent?: string
}
