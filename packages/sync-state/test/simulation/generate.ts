import { chance } from '@relais/testing/chance.ts'
import type { PhoneSettings } from './phone.ts'
import type { Schedule, ScheduleSettings, Step } from './schedule.ts'
import { SIDE } from './server-side.ts'

type Random = () => number

const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!

const COLLECTION_SETS = [
  ['INB', 'ARC'],
  ['INB', 'TRA'],
  ['CAL', 'CON'],
  ['INB', 'CAL'],
  ['INB', 'ARC', 'TRA'],
  ['INB', 'CON'],
] as const
const WINDOWS = [[1], [2], [1, 3], [5], [2, 512], [512]] as const

const phoneSettings = (random: Random, collections: readonly string[], index: number): PhoneSettings => ({
  name: `${pick(random, ['ios', 'android', 'outlook'])}${index + 1}`,
  collections,
  filters: { INB: pick(random, [0, 0, 1, 3]), ARC: pick(random, [0, 0, 3]), CAL: pick(random, [0, 2, 4]) },
  serverWins: random() < 0.67,
  deletesAsMoves: random() < 0.6,
  responsesFirst: random() < 0.5,
})

const settingsFrom = (random: Random, sets: readonly (readonly string[])[] | undefined): ScheduleSettings => {
  const single = random() < 0.35
  const any = single ? [pick(random, ['INB', 'CAL', 'CON'])] : pick(random, COLLECTION_SETS)
  const collections = sets ? pick(random, sets) : any
  const count = random() < 0.5 ? 1 : random() < 0.7 ? 2 : 3
  return {
    collections,
    phones: Array.from({ length: count }, (_, index) => phoneSettings(random, collections, index)),
    isLagging: random() < 0.33,
    isStrict: random() < 0.6,
    adoptsAny: random() < 0.08,
    looksInside: true,
    isStrictOnConflicts: false,
    windows: pick(random, WINDOWS),
    ...(random() < 0.3 ? { invisibleBudget: 1 } : {}),
  }
}

/** Weighted kinds of steps; each number is below its bound. */
type Kind = readonly [weight: number, make: (draw: Draw) => Step]
type Draw = {
  readonly below: (bound: number) => number
  readonly phone: () => number
  readonly window: () => number
}

const mostly = (draw: Draw, odds: number) => (draw.below(odds) ? 1 : 0)

const KINDS: readonly Kind[] = [
  [10, ({ below }) => ['deliver', below(3), below(5), below(6)]],
  [4, ({ below }) => ['srvset', below(9), below(2), below(3)]],
  [3, ({ below }) => ['srvedit', below(9), below(3)]],
  [3, ({ below }) => ['redate', below(9), below(8)]],
  [1, ({ below }) => ['priv', below(9)]],
  [3, ({ below }) => ['srvdel', below(9)]],
  [5, ({ below }) => ['srvmove', below(9), below(3)]],
  [2, ({ below }) => ['bulk', below(3), below(3)]],
  [1, ({ below }) => ['bulkmove', below(3), below(3)]],
  [3, ({ below }) => ['tick', 1 + below(2)]],
  [0.5, ({ below }) => ['tick', 5 + below(6)]],
  [3, ({ below }) => ['project', below(3)]],
  [7, ({ below, phone }) => ['uset', phone(), below(3), below(9), below(2), below(3)]],
  [5, ({ below, phone }) => ['uedit', phone(), below(3), below(9), below(3), below(3), below(8)]],
  [2, ({ below, phone }) => ['uundo', phone(), below(3), below(9)]],
  [4, ({ below, phone }) => ['udel', phone(), below(3), below(9)]],
  [0.7, ({ below, phone }) => ['uundel', phone(), below(3), below(9)]],
  [4, ({ below, phone }) => ['umove', phone(), below(3), below(9), below(3)]],
  [7, ({ below, phone }) => ['uadd', phone(), below(3), below(3), below(8)]],
  [1, ({ below, phone }) => ['ucancel', phone(), below(3)]],
  [1, ({ below, phone }) => ['ueditadd', phone(), below(3), below(3)]],
  [
    22,
    (draw) => [
      'round',
      draw.phone(),
      draw.below(6),
      draw.window(),
      mostly(draw, 8),
      fate(draw),
      draw.below(4),
    ],
  ],
  [4, (draw) => ['send', draw.phone(), draw.below(6), draw.window(), mostly(draw, 8)]],
  [5, ({ below, phone }) => ['step', phone(), 1 + below(3)]],
  [3, ({ below, phone }) => ['recv', phone(), below(2)]],
  [3, ({ below, phone }) => ['drop', phone(), below(2)]],
  [2, ({ phone }) => ['late', phone()]],
  [4, ({ phone }) => ['ping', phone()]],
  [2, ({ phone }) => ['poll', phone()]],
  [1, ({ phone }) => ['hb', phone()]],
  [2, ({ phone }) => ['restore', phone()]],
  [1, ({ below }) => ['crash', below(3)]],
  [1.5, ({ below, phone }) => ['filter', phone(), below(3), below(4)]],
  [0.4, ({ below, phone }) => ['level', phone(), below(3)]],
  [0.4, () => ['view']],
]
const TOTAL_WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0)

/** Five of seven answers arrive, one is lost, one request is given up half-way. */
const fate = ({ below }: Draw) => [1, 1, 1, 1, 1, 0, 2][below(7)]!

const stepFrom = (random: Random, draw: Draw): Step => {
  let rest = random() * TOTAL_WEIGHT
  const kind = KINDS.find(([weight]) => {
    rest -= weight
    return rest < 0
  })
  return (kind ?? KINDS[0]!)[1](draw)
}

/** Most schedules begin with some items that most phones hold: what then happens to them is what is looked for. */
const preludeFrom = (random: Random, { collections, phones }: ScheduleSettings): Step[] => {
  if (random() < 0.2) return []
  const deliveries = collections.flatMap((_, collection) =>
    Array.from({ length: Math.floor(random() * 5) }, (): Step => {
      const [age, variant] = [Math.floor(random() * 5), Math.floor(random() * 6)]
      return ['deliver', collection, age, variant]
    }),
  )
  const syncs = phones.flatMap((_, phone) => (random() < 0.85 ? settled(phone, collections.length) : []))
  return [...deliveries, ...syncs]
}

/** Key 0, all there is, and a quiet answer, of each collection. */
const settled = (phone: number, collections: number): Step[] =>
  Array.from({ length: collections }, (_, collection) =>
    Array.from({ length: 3 }, (): Step => ['round', phone, collection, 512, 1, 1, 0]),
  ).flat()

/** Sets of mailboxes alone. */
export const MAIL_ONLY: readonly (readonly string[])[] = [
  ['INB'],
  ['INB', 'ARC'],
  ['INB', 'TRA'],
  ['INB', 'ARC', 'TRA'],
]

/** The schedule that a seed determines, of at most `length` and 8 steps, over one of the sets of collections. */
export const scheduleFrom = (
  seed: number,
  length: number,
  sets?: readonly (readonly string[])[],
): Schedule => {
  const random = chance(seed)
  const settings = settingsFrom(random, sets)
  const below = (bound: number) => Math.floor(random() * bound)
  const draw = {
    below,
    phone: () => below(settings.phones.length),
    window: () => pick(random, settings.windows),
  }
  const prelude = preludeFrom(random, settings)
  const steps = Array.from({ length: 8 + below(length) }, () => stepFrom(random, draw))
  const schedule = { settings, steps: [...prelude, ...steps] }
  return sets ? schedule : withSecondClass(schedule, chance(~seed))
}

/** In some schedules a part of all mail is of a second class, which phones want or don't, with filters of their own. */
const withSecondClass = ({ settings, steps }: Schedule, random: Random): Schedule => {
  if (random() < 0.6) return { settings, steps }
  const phones = settings.phones.map((phone) => ({ ...phone, sideFilters: sideFiltersFrom(random) }))
  return {
    settings: { ...settings, phones },
    steps: steps.flatMap((step) => [
      ofEitherClass(step, random),
      ...(random() < 0.06 ? [sideFilterStep(settings, random)] : []),
    ]),
  }
}

const sideFiltersFrom = (random: Random): Readonly<Record<string, number>> =>
  Object.fromEntries(
    ['INB', 'ARC', 'TRA'].flatMap((one) => (random() < 0.6 ? [[one, pick(random, [0, 1, 3])]] : [])),
  )

const ofEitherClass = (step: Step, random: Random): Step => {
  const [name, collection, age, variant] = step
  return name === 'deliver' && random() < 0.5 ? ['deliver', collection!, age!, variant! + SIDE] : step
}

const sideFilterStep = ({ phones }: ScheduleSettings, random: Random): Step => {
  const below = (bound: number) => Math.floor(random() * bound)
  return ['sidefilter', below(phones.length), below(3), below(4)]
}
