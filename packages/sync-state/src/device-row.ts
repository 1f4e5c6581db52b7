import type { Cursor, Hint, WindowEdge } from './cursor.ts'
import { type Correction, type KnownList, NOTHING_KNOWN } from './known-list.ts'

/** Lists kept for one collection of one device. */
export const MAX_LISTS = 8
/** Keys that a device may hold that are remembered for Ping. */
export const MAX_HELD_KEYS = 4
/** Between the generations of one first request and the next, so that late answers of the former don't reach the latter's. */
const LINEAGE_STEP = 1000
const EPOCH_MINUTES = Date.UTC(2026, 0, 1) / 60_000

/** A key that the device may hold. */
export type HeldKey = {
  readonly key: string
  readonly generation: number
  /** Nothing that it should know is missing up to here; -1: something is, whatever happens. */
  readonly position: number
  /** It was sent, and hasn't been presented since. */
  readonly unacknowledged: boolean
}

/** What the device row remembers of one collection, because a key of 64 characters can't say it. All of it may be lost. */
export type CollectionState = {
  /** Newest generation that was presented. */
  readonly presented: number
  /** Last key that an answer left the device with. */
  readonly sent: string
  readonly held: readonly HeldKey[]
  /** A Ping said "changes", and no answer came since. */
  readonly asked: boolean
  readonly hint: (Hint & { readonly key: string }) | undefined
  /** Least recently used first. */
  readonly lists: readonly { readonly name: number; readonly list: KnownList }[]
}

const empty = (sent: string): CollectionState => ({
  presented: 0,
  sent,
  held: [],
  asked: false,
  hint: undefined,
  lists: [],
})

/** Generation for the key that answers a first request: above all of the former keys, also where their rows were lost. */
export const firstGeneration = (state: CollectionState | undefined, now: number): number => {
  const known = state ? [state.presented, ...state.held.map(({ generation }) => generation)] : [0]
  return Math.max(Math.floor(now / 60_000) - EPOCH_MINUTES, Math.max(...known) + LINEAGE_STEP)
}

export type Presented = {
  readonly outcome: 'ok'
  readonly state: CollectionState
  readonly list: KnownList
  readonly hint: Hint | undefined
}

/** Status 3 for this collection: a generation older than the last one acknowledged, or a key whose list is lost. */
export type Refused = { readonly outcome: 'old' | 'list' }

/** A device presents a key; that acknowledges it. Keys are accepted for what they say: a lost row refuses none but for its list (depth). */
export const present = (
  former: CollectionState | undefined,
  key: string,
  cursor: Cursor,
): Presented | Refused => {
  if (former && cursor.generation < former.presented) return { outcome: 'old' }
  const state = former ?? empty(key)
  const entry = state.lists.find(({ name }) => name === cursor.list)
  if (cursor.list !== 0 && !entry) return { outcome: 'list' }
  const hint = state.hint?.key === key ? state.hint : undefined
  const used = entry ? [...state.lists.filter((other) => other !== entry), entry] : state.lists
  return {
    outcome: 'ok',
    state: acknowledge({ ...state, lists: used }, { key, cursor, hint }),
    list: entry?.list ?? NOTHING_KNOWN,
    hint: hint && { position: hint.position, edge: hint.edge },
  }
}

type Presentation = { readonly key: string; readonly cursor: Cursor; readonly hint: Hint | undefined }

const acknowledge = (state: CollectionState, { key, cursor, hint }: Presentation): CollectionState => {
  const { generation } = cursor
  if (generation <= state.presented) {
    const held = state.held.map((one) => (one.key === key ? { ...one, unacknowledged: false } : one))
    return { ...state, held }
  }
  const position = Math.max(cursor.changes.position, hint?.position ?? 0)
  // Who comes because a Ping said so has this key: one that a first request made beside it and that was lost would be behind for ever.
  const newer = state.asked ? [] : state.held.filter((one) => one.generation >= generation && one.key !== key)
  return {
    ...state,
    presented: generation,
    asked: false,
    held: [...newer, { key, generation, position, unacknowledged: false }],
  }
}

/** A first request was answered with a key; nothing that later requests may need is forgotten, as this one may be late. */
export const answeredFirst = (
  former: CollectionState | undefined,
  key: string,
  { generation }: Cursor,
): CollectionState => {
  const state = former ?? empty(key)
  const sent = { key, generation, position: -1, unacknowledged: true }
  return { ...state, sent: key, held: [...lastOf(state.held, MAX_HELD_KEYS - 1), sent] }
}

export type QuietAnswer = {
  readonly key: string
  readonly cursor: Cursor
  /** False: it wasn't asked for changes, so nothing is known about them. */
  readonly getChanges: boolean
  /** Checkpoint of the snapshot in which nothing was found, and the window's edge there. */
  readonly snapshot: number
  readonly edge: WindowEdge
}

/** Nothing to tell: the presented key stays good, and what was found empty need not be looked at again (hint). */
export const answeredQuiet = (former: CollectionState | undefined, answer: QuietAnswer): CollectionState => {
  const { key, cursor, getChanges, snapshot, edge } = answer
  const state = former ?? { ...empty(key), presented: cursor.generation }
  const others = state.asked ? [] : state.held.filter((one) => one.key !== key)
  const position = getChanges ? snapshot : -1
  return {
    ...state,
    sent: key,
    asked: false,
    held: [...others, { key, generation: cursor.generation, position, unacknowledged: false }],
    hint: getChanges ? { key, position: snapshot, edge } : state.hint,
  }
}

export type NewAnswer = {
  readonly presented: string
  readonly key: string
  readonly cursor: Cursor
  readonly list: KnownList
  /** Something is known to be missing: more is available, or changes weren't asked for. */
  readonly behind: boolean
}

/** An answer with a new key was sent; it may be lost, so the device is held to have it only when it presents it. */
export const answered = (
  former: CollectionState | undefined,
  { presented, key, cursor, list, behind }: NewAnswer,
): CollectionState => {
  const state = former ?? { ...empty(presented), presented: cursor.generation - 1 }
  const others = state.asked ? [] : state.held.filter((one) => one.key !== presented && one.key !== key)
  const forgetful = others.length >= MAX_HELD_KEYS
  const sent = {
    key,
    generation: cursor.generation,
    position: behind || forgetful ? -1 : cursor.changes.position,
    unacknowledged: true,
  }
  const lists = cursor.list === 0 ? state.lists : keep(state.lists, cursor.list, list)
  return {
    ...state,
    sent: key,
    asked: false,
    held: [...lastOf(others, MAX_HELD_KEYS - 1), sent],
    lists,
  }
}

const lastOf = <T>(values: readonly T[], count: number): readonly T[] =>
  values.slice(Math.max(0, values.length - count))

const keep = (lists: CollectionState['lists'], name: number, list: KnownList): CollectionState['lists'] =>
  [...lists.filter((one) => one.name !== name), { name, list }].slice(-MAX_LISTS)

/** Ping: whether any key that the device may hold is behind the collection's head in the log (may, pinghead). A lost row is behind. */
export const isBehind = (state: CollectionState | undefined, head: number): boolean =>
  state === undefined || state.held.some(({ position }) => position < head)

/** A heartbeat that ends while this holds says "changes" (unacked). */
export const isUnacknowledged = (state: CollectionState | undefined): boolean =>
  state === undefined || state.held.some(({ unacknowledged }) => unacknowledged)

/** A Ping or waiting Sync has said "changes" for the collection: the answer that follows settles which key the device holds. */
export const saidChanges = (state: CollectionState): CollectionState => ({ ...state, asked: true })

/** One collection of a request, as an empty Sync has to repeat it. */
export type RepeatableCollection = {
  readonly collection: string
  readonly key: string
  readonly generation: number
  readonly quiet: boolean
}

/**
 * Whether an empty Sync may stand for this request: it was answered empty, for the newest generation of each collection (empty).
 * Anything else is remembered as nothing, and an empty Sync gets Status 13.
 */
export const isRepeatable = (
  request: readonly RepeatableCollection[],
  stateOf: (collection: string) => CollectionState | undefined,
): boolean =>
  request.every(({ collection, generation, quiet }) => {
    const state = stateOf(collection)
    return quiet && state !== undefined && generation >= state.presented
  })

type Stored = Omit<CollectionState, 'lists'> & {
  readonly lists: readonly { name: number; list: StoredList }[]
}
type StoredList = Omit<KnownList, 'corrections'> & { readonly corrections: readonly [number, Correction][] }

/** JSON for the device row. */
export const encodeState = (state: CollectionState): string => {
  const stored: Stored = {
    ...state,
    lists: state.lists.map(({ name, list }) => ({
      name,
      list: { ...list, corrections: [...list.corrections] },
    })),
  }
  return JSON.stringify(stored)
}

/** Back from {@link encodeState}. */
export const decodeState = (text: string): CollectionState => {
  const stored = JSON.parse(text) as Stored
  return {
    ...stored,
    hint: stored.hint,
    lists: stored.lists.map(({ name, list }) => ({
      name,
      list: { ...list, corrections: new Map(list.corrections) },
    })),
  }
}
