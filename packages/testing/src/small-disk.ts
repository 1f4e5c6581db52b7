import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestScope } from './clean-up.ts'

/** A disk (in memory) that a test can fill. */
export type SmallDisk = {
  readonly folder: string
  /** Takes all room but so many bytes. */
  fill(leaving?: number): void
  /** Gives the room back. */
  empty(): void
}

/** A disk of this size (`64m`), gone after the test; undefined where none can be mounted. */
export const smallDisk = (scope: TestScope, size: string): SmallDisk | undefined => {
  const outer = mkdtempSync(join(tmpdir(), 'relais-disk-'))
  chmodSync(outer, 0o755) // servers that run as somebody else get through
  const folder = join(outer, 'disk')
  mkdirSync(folder)
  const options = `size=${size},mode=755`
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0
  scope.after(() => {
    if (mounted) spawnSync('umount', ['-l', folder])
    rmSync(outer, { recursive: true, force: true })
  })
  const ballast = join(folder, 'ballast')
  if (!mounted) return undefined
  return {
    folder,
    fill: (leaving = 0) => fillWith(ballast, folder, leaving),
    empty: () => rmSync(ballast, { force: true }),
  }
}

const PAGE = 4096

const fillWith = (file: string, folder: string, leaving: number): void => {
  const fd = openSync(file, 'a')
  const room = () => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize - leaving
  }
  while (room() >= PAGE && wrote(fd, Math.min(room(), 1 << 20)));
  closeSync(fd)
}

/** False: there is no room. */
const wrote = (fd: number, bytes: number): boolean => {
  try {
    return writeSync(fd, new Uint8Array(bytes)) > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
