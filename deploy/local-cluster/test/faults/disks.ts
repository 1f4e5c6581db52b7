import { spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A disk of its own, in memory, that can be full and have room again. */
export type Disk = { fill(): void; empty(): void; unmount(): void }

/** The disk of a part of the cluster. */
export type FullDisk = Pick<Disk, 'fill' | 'empty'> & {
  readonly name: string
  /** Does what whoever runs the part does once there is room again. */
  recover(): Promise<void>
}

/** More than any run needs; it takes what lies on it. */
const ROOMY = '8g'

const mount = (...args: readonly string[]): boolean => spawnSync('mount', args).status === 0

/** Puts a folder on a disk of its own; undefined where this user may not mount one. */
export const mountDisk = (folder: string): Disk | undefined => {
  mkdirSync(folder, { recursive: true })
  if (!mount('-t', 'tmpfs', '-o', `size=${ROOMY},mode=755`, 'relais-faults', folder)) return undefined
  return {
    fill: () => shrink(folder),
    empty: () => void mount('-o', `remount,size=${ROOMY}`, folder),
    unmount: () => void spawnSync('umount', ['-l', folder]),
  }
}

const TRIES = 20

/** To what lies on it at the moment: somebody may be writing. */
const shrink = (folder: string): void => {
  for (let tries = 0; tries < TRIES; tries++) {
    const { blocks, bfree, bsize } = statfsSync(folder)
    if (mount('-o', `remount,size=${Math.max(1, blocks - bfree) * bsize}`, folder)) return
  }
}

export type Recovering = {
  readonly running: () => boolean
  readonly start: () => Promise<void>
  /** Rejects as long as it doesn't work. */
  readonly works: () => Promise<unknown>
  readonly withinMs?: number
}

const RECOVERED_MS = 30_000

/** Waits until something works that may end itself instead, for which it is started again. Errors: that of the last try. */
export const untilRecovered = async (part: Recovering): Promise<void> => {
  const deadline = performance.now() + (part.withinMs ?? RECOVERED_MS)
  for (;;) {
    if (!part.running()) await part.start()
    try {
      await part.works()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(100)
  }
}
