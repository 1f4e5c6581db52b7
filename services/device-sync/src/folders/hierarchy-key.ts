/** What a folder key says the phone has: which folders, as of which position of which log. */
export type HierarchyKey = {
  readonly epoch: number
  readonly position: number
  /** False: the default folders only. */
  readonly subfolders: boolean
  /** Folders that the phone made or deleted itself after the position, while others changed what it hasn't been told of yet. */
  readonly made: readonly string[]
  readonly gone: readonly string[]
}

export const INITIAL_KEY = '0'

/** MS-ASCMD 2.2.3.181.3: keys have at most 64 characters. */
const MAX_LENGTH = 64

const KEY = /^f1\.([0-9a-z]{1,7})\.([0-9a-z]{1,11})\.([ad])((?:[+-]\d{1,15})*)$/

/** Folders that a phone may make are numbered: m1, m2, … */
const signed = (sign: '+' | '-', folders: readonly string[]): string =>
  folders.map((folder) => sign + folder.slice(1)).join('')

const unsigned = (sign: '+' | '-', text: string): readonly string[] =>
  (text.match(/[+-]\d+/g) ?? []).flatMap((one) => (one[0] === sign ? [`m${one.slice(1)}`] : []))

/** Where more was made and deleted than a key has room for, the phone is told of it again: an Add of what it has. */
export const formatHierarchyKey = ({ epoch, position, subfolders, made, gone }: HierarchyKey): string => {
  const key = `f1.${epoch.toString(36)}.${position.toString(36)}.${subfolders ? 'a' : 'd'}`
  const whole = key + signed('+', made) + signed('-', gone)
  return whole.length <= MAX_LENGTH ? whole : key
}

/** Undefined: no key of ours (Status 9). */
export const parseHierarchyKey = (text: string): HierarchyKey | undefined => {
  const [, epoch, position, view, own = ''] = (text.length <= MAX_LENGTH && KEY.exec(text)) || []
  if (epoch === undefined || position === undefined) return undefined
  return {
    epoch: Number.parseInt(epoch, 36),
    position: Number.parseInt(position, 36),
    subfolders: view === 'a',
    made: unsigned('+', own),
    gone: unsigned('-', own),
  }
}
