import type { Account } from '../eas/phone-state.ts'
import type { NetworkName, Plan } from '../eas/plan.ts'

/** What k6 is told, in a file that only its user may read: it has passwords. */
export type K6Order = {
  readonly plan: Plan
  readonly accounts: readonly Account[]
  /** By network: `https://mail.example/Microsoft-Server-ActiveSync`. */
  readonly urls: Readonly<Record<NetworkName, string>>
  /** Of the Host header, where the address is that of a network. */
  readonly host: string
  readonly insecure: boolean
  /** Milliseconds since 1970. */
  readonly began: number
  readonly seed: number
}

/** Names of what k6 measures for us. */
export const COUNTS = 'relais_count'
export const TIMES = 'relais_time'
