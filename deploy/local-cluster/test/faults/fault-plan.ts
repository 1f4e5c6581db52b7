import type { Random } from './random.ts'

export type FaultKind = 'kill' | 'stop' | 'pause' | 'cut' | 'full' | 'jump'

/** One thing that goes wrong: it lasts `holdMs`, and the next one of its line comes `restMs` after it is over. */
export type Fault = {
  readonly kind: FaultKind
  readonly target: string
  readonly holdMs: number
  readonly restMs: number
  /** By how much a clock jumps; 0 where none does. */
  readonly offsetMs: number
}

/** What may go wrong in one line of faults, one after the other, and how often each kind comes among the others. */
export type Targets = {
  readonly parts: readonly string[]
  readonly cuts: readonly string[]
  readonly disks: readonly string[]
  readonly clocks: readonly string[]
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>
  /** Between two faults, in milliseconds, least and most. */
  readonly restMs: readonly [number, number]
}

/** Milliseconds, least and most. */
const HOLDS = {
  kill: [0, 300],
  stop: [0, 200],
  pause: [50, 1_000],
  cut: [10, 400],
  full: [50, 1_000],
  jump: [50, 1_500],
} as const

/** One pause of twenty-five outlasts deadlines, and who was elected is replaced after ten seconds. */
const LONG_PAUSES = 25
const LONG_PAUSE_MS = [10_500, 14_000] as const

const MINUTE = 60_000
/** Of a clock: short ones that look like a slow correction, and long ones that look like a wrong time zone. */
const OFFSETS_MS = [MINUTE, 10 * MINUTE, 60 * MINUTE, 12 * 60 * MINUTE] as const

/** Faults without end; one seed gives one sequence. */
export function* faultPlan(random: Random, targets: Targets): Generator<Fault, never> {
  const kinds = kindsOf(targets)
  for (;;) {
    const kind = random.pick(kinds)
    const target = random.pick(ofKind(targets, kind))
    const [holdMs, restMs] = [holdOf(kind, random), random.between(...targets.restMs)]
    yield { kind, target, holdMs, restMs, offsetMs: kind === 'jump' ? offsetOf(random) : 0 }
  }
}

const kindsOf = (targets: Targets): readonly FaultKind[] =>
  Object.entries(targets.weights).flatMap(([kind, weight]) =>
    ofKind(targets, kind as FaultKind).length === 0 ? [] : Array<FaultKind>(weight).fill(kind as FaultKind),
  )

const ofKind = ({ parts, cuts, disks, clocks }: Targets, kind: FaultKind): readonly string[] =>
  ({ kill: parts, stop: parts, pause: parts, cut: cuts, full: disks, jump: clocks })[kind]

const holdOf = (kind: FaultKind, random: Random): number => {
  const isLong = kind === 'pause' && random.below(LONG_PAUSES) === 0
  const [least, most] = isLong ? LONG_PAUSE_MS : HOLDS[kind]
  return random.between(least, most)
}

const offsetOf = (random: Random): number => random.pick(OFFSETS_MS) * random.pick([1, -1])
