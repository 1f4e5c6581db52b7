import { type Added, type FolderAnswer, readSync, type SyncAnswer } from './answers.ts'
import type { Talk } from './effects.ts'
import { inboxOf, type KeptFolder, type PhoneState, remember } from './phone-state.ts'
import { type Asked, type Asking, request } from './request.ts'
import { primeFolder, syncFolder } from './requests.ts'
import { stampOf } from './stamp.ts'
import { ownTrouble, Trouble } from './trouble.ts'

/** Takes what there is, of every folder that the phone keeps. */
export function* takeAll(asking: Asking): Talk<void> {
  for (const folder of asking.phone.folders) yield* takeFolder(asking, folder)
}

/** Answers in a row that bring nothing and promise more: a server that never ends is told from a large folder. */
const EMPTY_PAGES = 20

/** Takes one folder until there is no more; the stamps of what came. */
export function* takeFolder(asking: Asking, folder: KeptFolder): Talk<readonly number[]> {
  const { phone } = asking
  const stamps: number[] = []
  if (folder.key === '0') yield* sync(asking, primeFolder(phone, folder))
  for (let empty = 0; empty < EMPTY_PAGES; ) {
    const [told] = (yield* sync(asking, syncFolder(phone, folder))).folders
    if (told !== undefined) stamps.push(...stampsIn(told.added))
    if (!told?.isMore) return stamps.slice(0, STAMPS)
    empty = told.added.length === 0 ? empty + 1 : 0
    grow(phone)
  }
  throw new Trouble('unexpected', 'Sync: there is always more')
}

/** Enough to know when the first came. */
const STAMPS = 64

/** One Sync, of whatever kind; keys and what came are remembered. */
export function* sync(asking: Asking, body: Uint8Array | undefined, held?: Asked['held']): Talk<SyncAnswer> {
  const { phone } = asking
  const answer = readSync(yield* request(asking, { command: 'Sync', body, ...(held && { held }) }))
  checkWhole(phone, answer)
  for (const folder of answer.folders) takeIn(asking, folder)
  return answer
}

const checkWhole = (phone: PhoneState, { status, limit }: SyncAnswer): void => {
  if (status === '1') return
  if (status === '12') throw new Trouble('folders', 'Sync Status 12')
  if (status === '13') throw new Trouble('again', 'Sync Status 13')
  if (status === '14' && limit !== undefined) {
    phone.heartbeat = limit
    throw new Trouble('again', 'Sync Status 14')
  }
  throw ownTrouble('Sync', status)
}

const takeIn = ({ phone, world }: Asking, told: FolderAnswer): void => {
  const folder = phone.folders.find(({ id }) => id === told.id)
  if (folder === undefined) throw new Trouble('unexpected', 'Sync: of a folder that was not asked for')
  if (told.status === '3') {
    folder.key = '0'
    throw new Trouble('again', 'Sync Status 3')
  }
  if (told.status === '12') throw new Trouble('folders', 'Sync Status 12')
  if (told.status !== '1') throw ownTrouble('Sync', told.status)
  if (told.key !== undefined) folder.key = told.key
  if (told.added.length > 0) world.count('messages taken', told.added.length)
  if (folder === inboxOf(phone)) for (const one of told.added) if (!one.isRead) remember(phone, one.id)
}

const grow = (phone: PhoneState): void => {
  const { step, most } = phone.family.window
  phone.window = Math.min(most, phone.window + step)
}

export const stampsIn = (added: readonly Added[]): readonly number[] =>
  added.flatMap(({ subject }) => stampOf(subject) ?? [])
