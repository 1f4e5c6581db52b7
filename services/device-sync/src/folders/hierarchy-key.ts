/** What a folder key says the phone has: which folders, as of which position of which log. */
export type HierarchyKey = {
  readonly epoch: number
  readonly position: number
  /** False: the default folders only. */
  readonly subfolders: boolean
}

export const INITIAL_KEY = '0'

const KEY = /^f1\.([0-9a-z]{1,7})\.([0-9a-z]{1,11})\.([ad])$/

/** At most 24 characters. */
export const formatHierarchyKey = ({ epoch, position, subfolders }: HierarchyKey): string =>
  `f1.${epoch.toString(36)}.${position.toString(36)}.${subfolders ? 'a' : 'd'}`

/** Undefined: no key of ours (Status 9). */
export const parseHierarchyKey = (text: string): HierarchyKey | undefined => {
  const [, epoch, position, view] = KEY.exec(text) ?? []
  if (epoch === undefined || position === undefined) return undefined
  return {
    epoch: Number.parseInt(epoch, 36),
    position: Number.parseInt(position, 36),
    subfolders: view === 'a',
  }
}
