import type { Account } from '../eas/phone-state.ts'
import type { Plan } from '../eas/plan.ts'
import type { Target } from '../simulator/share.ts'
import type { Thresholds } from '../thresholds.ts'
import type { MailDoor } from './post.ts'

/** Who leads the phones: processes of the simulator, or k6. */
export type Driver = 'simulator' | 'k6'

/** Everything that a run needs to know. */
export type Order = {
  readonly plan: Plan
  readonly driver: Driver
  readonly target: Target
  readonly accounts: readonly Account[]
  /** Undefined: no mail but what phones send. */
  readonly door: MailDoor | undefined
  /** Its program, where it leads the phones. */
  readonly k6?: string | undefined
  /** Of the simulator. */
  readonly processes: number
  readonly seed: number
  readonly thresholds: Thresholds
  /** An installation on this machine: what it uses is measured. */
  readonly installationPid: number | undefined
}
