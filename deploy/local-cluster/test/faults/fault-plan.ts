import type { Random } from './random.ts'

export type FaultKind = 'kill' | 'stop' | 'pause' | 'cut'

/**
 * One thing that goes wrong: it lasts `holdMs`, and the next one of its line comes `restMs` after it is over; `settled`: after all services
 * are ready again. The others come while the cluster is still busy with the last one.
 */
export type Fault = {
  readonly kind: FaultKind
  readonly target: string
  readonly holdMs: number
  readonly restMs: number
  readonly settled: boolean
}

/** What may go wrong in one line of faults, one after the other. */
export type Targets = { readonly parts: readonly string[]; readonly cuts: readonly string[] }

/** A kill is what loses things: it comes more often than each of the others. */
const KINDS: readonly FaultKind[] = ['kill', 'kill', 'kill', 'pause', 'pause', 'stop', 'cut', 'cut']

/** Milliseconds, least and most. */
const HOLDS = { kill: [0, 800], stop: [0, 300], pause: [300, 3_000], cut: [50, 1_500] } as const

/** One pause of five is so much longer: it outlasts deadlines, and who was elected is replaced after ten seconds. */
const LONG = 5

/** Faults without end; one seed gives one sequence. */
export function* faultPlan(random: Random, { parts, cuts }: Targets): Generator<Fault, never> {
  const kinds = cuts.length === 0 ? KINDS.filter((kind) => kind !== 'cut') : KINDS
  for (;;) {
    const kind = random.pick(kinds)
    const target = random.pick(kind === 'cut' ? cuts : parts)
    const [least, most] = HOLDS[kind]
    const long = kind === 'pause' && random.below(5) === 0 ? LONG : 1
    const [holdMs, restMs] = [random.between(least, most) * long, random.between(100, 2_500)]
    yield { kind, target, holdMs, restMs, settled: random.below(2) === 0 }
  }
}
