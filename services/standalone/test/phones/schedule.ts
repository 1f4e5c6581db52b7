import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EVERY_FAMILY, VERSIONS, type Version } from './families.ts'
import { QUESTIONS, type QuestionKind } from './questions.ts'
import { Violation } from './shown-folder.ts'
import { type Fault, SimulatedPhone } from './simulated-phone.ts'
import { wipe } from './wipes.ts'
import type { Act, Person, Truth, World } from './world.ts'

const FOLDERS = ['inbox', 'archive', 'trash'] as const
const SYNCED = [...FOLDERS, 'drafts'] as const
const FILTERS = [0, 1, 1, 2] as const
const EVERYTHING = { type: 0, conversations: false }
const WINDOWS = [1, 2, 3, 5, 10, 25, 100, 512] as const

export type Step =
  | {
      readonly do: 'sync'
      readonly phone: number
      readonly folder: number
      readonly window: number
      readonly fault: Fault
    }
  | {
      readonly do: 'touch'
      readonly phone: number
      readonly folder: number
      readonly kind: 'read' | 'unread' | 'flag' | 'delete'
      readonly nth: number
    }
  | {
      readonly do: 'move'
      readonly phone: number
      readonly from: number
      readonly to: number
      readonly nth: number
      readonly fault: Fault
    }
  | {
      readonly do: 'draft'
      readonly phone: number
      readonly act: 'write' | 'rewrite' | 'send'
      readonly nth: number
      readonly subject: number
    }
  | {
      readonly do: 'filter'
      readonly phone: number
      readonly folder: number
      readonly type: number
      readonly conversations: boolean
    }
  | { readonly do: 'deliver'; readonly folder: number; readonly count: number }
  | { readonly do: 'other'; readonly folder: number; readonly act: Act; readonly nth: number }
  | {
      readonly do: 'ask'
      readonly phone: number
      readonly kind: QuestionKind
      readonly folder: number
      readonly nth: number
      readonly fault: Fault
    }
  | {
      readonly do: 'folder'
      readonly phone: number
      readonly act: 'create' | 'rename' | 'delete' | 'look'
      readonly nth: number
      readonly fault: Fault
    }
  | { readonly do: 'otherFolder'; readonly act: 'create' | 'delete'; readonly nth: number }
  | { readonly do: 'version'; readonly phone: number; readonly version: Version }
  | { readonly do: 'wipe'; readonly phone: number; readonly accountOnly: boolean; readonly lost: boolean }
  | { readonly do: 'late'; readonly phone: number }
  | { readonly do: 'restart'; readonly losingRows: boolean }

export type Schedule = { readonly families: readonly number[]; readonly steps: readonly Step[] }

const phone = fc.nat({ max: 1 })
const folder = fc.nat({ max: FOLDERS.length - 1 })
const nth = fc.nat({ max: 20 })
const fault = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>('none') },
  { weight: 2, arbitrary: fc.constantFrom<Fault>('lost', 'repeated', 'twice') },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      phone,
      folder: fc.nat({ max: SYNCED.length - 1 }),
      window: fc.constantFrom(...WINDOWS),
      fault,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('touch' as const),
      phone,
      folder: fc.nat({ max: SYNCED.length - 1 }),
      kind: fc.constantFrom('read' as const, 'unread' as const, 'flag' as const, 'delete' as const),
      nth,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('move' as const), phone, from: folder, to: folder, nth, fault }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      folder,
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('draft' as const),
      phone,
      act: fc.constantFrom('write' as const, 'rewrite' as const, 'rewrite' as const, 'send' as const),
      nth,
      subject: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('filter' as const),
      phone,
      folder,
      type: fc.constantFrom(...FILTERS),
      conversations: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constant('ask' as const), phone, kind: fc.constantFrom(...QUESTIONS), folder, nth, fault },
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constant('folder' as const), phone, nth: fc.nat({ max: 4 }), fault },
      act: fc.constantFrom(
        'create' as const,
        'create' as const,
        'rename' as const,
        'delete' as const,
        'look' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('otherFolder' as const), nth: fc.nat({ max: 4 }) },
      act: fc.constantFrom('create' as const, 'delete' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('version' as const), phone, version: fc.constantFrom(...VERSIONS) },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant('wipe' as const), phone, accountOnly: fc.boolean(), lost: fc.boolean() },
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('late' as const), phone }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('other' as const),
      folder,
      act: fc.constantFrom<Act>('read', 'unread', 'flag', 'delete', 'archive'),
      nth,
    }),
  },
)

/** Schedules without restarts: these are rare and slow, and have a test of their own. */
export const schedule: fc.Arbitrary<Schedule> = fc.record({
  families: fc.tuple(fc.nat({ max: EVERY_FAMILY.length - 1 }), fc.nat({ max: EVERY_FAMILY.length - 1 })),
  steps: fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
})

export const withRestarts = (losingRows: fc.Arbitrary<boolean>): fc.Arbitrary<Schedule> =>
  fc.record({
    families: fc.tuple(fc.nat({ max: EVERY_FAMILY.length - 1 }), fc.nat({ max: EVERY_FAMILY.length - 1 })),
    steps: fc.array(
      fc.oneof(
        { weight: 12, arbitrary: step },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), losingRows }) },
      ),
      { minLength: 10, maxLength: 40, size: 'max' },
    ),
  })

/** Plays a schedule for a new account with two phones, lets everything come to rest, and compares every copy with the server's. */
export const play = async (world: World, { families, steps }: Schedule): Promise<void> => {
  const person = await world.person()
  await world.deliver(person, 'inbox', 6)
  const phones = families.map(
    (family, n) =>
      new SimulatedPhone(world, person, {
        family: EVERY_FAMILY[family]!,
        device: `SIM${n}`,
        folders: SYNCED,
      }),
  )
  try {
    for (const one of phones) await one.setUp()
    for (const one of steps) await playStep(one, { world, person, phones })
    for (const one of phones) for (const folder of one.folders) one.filter(folder, EVERYTHING)
    // What one still has to tell is news for the other: the second round brings it.
    for (const one of [...phones, ...phones]) await rest(one)
    for (const one of phones) await same(one, { world, person })
    await wakes(phones[0]!, { world, person })
  } finally {
    for (const one of phones) one.close()
  }
}

type Scene = { readonly world: World; readonly person: Person; readonly phones: readonly SimulatedPhone[] }

const playStep = async (step: Step, { world, person, phones }: Scene): Promise<void> => {
  const folderOf = (n: number) => SYNCED[n]!
  switch (step.do) {
    case 'sync':
      await phones[step.phone]!.sync(folderOf(step.folder), step)
      return
    case 'touch':
      return void phones[step.phone]!.touch(folderOf(step.folder), step.kind, step.nth)
    case 'move':
      if (step.from !== step.to) await phones[step.phone]!.move(folderOf(step.from), folderOf(step.to), step)
      return
    case 'draft':
      return draft(phones[step.phone]!, step)
    case 'filter':
      return phones[step.phone]!.filter(folderOf(step.folder), step)
    case 'deliver':
      return world.deliver(person, folderOf(step.folder), step.count)
    case 'other':
      return world.act(person, folderOf(step.folder), step.act, step.nth)
    case 'ask':
      return phones[step.phone]!.ask(step.kind, { ...step, folder: folderOf(step.folder) })
    case 'folder':
      return changeFolders(phones[step.phone]!, step)
    case 'otherFolder':
      return world.actOnFolders(person, step.act, step.nth)
    case 'version':
      return phones[step.phone]!.changeVersion(step.version)
    case 'wipe':
      return wipe({ world, person }, phones[step.phone]!, step)
    case 'late':
      return phones[step.phone]!.comesLate()
    case 'restart':
      await world.restart?.(step)
      for (const one of phones) {
        one.connect()
        if (step.losingRows) one.rowsWereLost()
      }
  }
}

const changeFolders = async (
  phone: SimulatedPhone,
  { act, nth, fault }: Extract<Step, { do: 'folder' }>,
): Promise<void> => {
  if (act === 'look') await phone.syncFolders(fault)
  else await phone.changeFolders(act, { nth, name: `Mine ${nth}`, fault })
}

const draft = (phone: SimulatedPhone, { act, nth, subject }: Extract<Step, { do: 'draft' }>): void => {
  if (!phone.writesDrafts) return
  if (act === 'write') phone.write(`Draft ${subject}`)
  else phone.rewrite(nth, act === 'send' ? undefined : `Draft ${subject}`)
}

/** Everything pending is told and everything new is fetched; a folder that never comes to rest is a violation. */
export const rest = async (phone: SimulatedPhone): Promise<void> => {
  for (let n = 0; await phone.syncFolders(); n++)
    if (n > 5) throw new Violation('the folders do not come to rest')
  for (const folder of phone.folders) {
    for (let quiet = 0, n = 0; quiet < 2; n++) {
      if (n > 200) throw new Violation(`${folder} does not come to rest`)
      const more = await phone.sync(folder, { window: 512, fault: 'none' })
      quiet = more || phone.pendingIn(folder) > 0 ? 0 : quiet + 1
    }
  }
}

/** What a phone has sent may come back as undelivered between its rest and a look at the server: then it rests again, once. */
const same = async (phone: SimulatedPhone, scene: Omit<Scene, 'phones'>): Promise<void> => {
  try {
    await compare(phone, scene)
  } catch {
    await rest(phone)
    await compare(phone, scene)
  }
}

export const compare = async (
  phone: SimulatedPhone,
  { world, person }: Omit<Scene, 'phones'>,
): Promise<void> => {
  const folders = await world.folders(person)
  assert.deepEqual(inOrder(phone.names), inOrder(folders), `${phone.family.name}: its folders differ`)
  for (const folder of phone.folders) {
    const truth = await world.truth(person, folder)
    assert.deepEqual(
      inOrder(asShown(phone, phone.shows(folder))),
      inOrder(asShown(phone, truth)),
      `${phone.family.name}: ${folder} differs from the server's`,
    )
  }
}

const inOrder = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/** 2.5 has no flags. */
const asShown = ({ family }: SimulatedPhone, items: Truth): Truth =>
  family.version === '2.5'
    ? new Map([...items].map(([id, item]) => [id, { ...item, flagged: false }]))
    : items

/** At rest a Ping waits (once it may be sent to look for nothing, never twice), and a new message wakes it. */
export const wakes = async (
  phone: SimulatedPhone,
  { world, person }: Omit<Scene, 'phones'>,
): Promise<void> => {
  let delivered = false
  for (let early = 0; ; early++) {
    const woken = phone.ping()
    const told = woken.then((status) => ({ status, early: !delivered }))
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 15))])
    delivered = true
    await world.deliver(person, 'inbox', 1)
    const answer = await told
    if (answer.status !== '2') throw new Violation(`a Ping ended with Status ${answer.status}`)
    await rest(phone)
    if (!answer.early) return
    if (early === 1) throw new Violation('a Ping said "changes" twice for nothing')
    delivered = false
  }
}
