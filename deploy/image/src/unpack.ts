import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Entry } from './tar.ts'

/** Writes the entries into an empty folder, as a container would see them. */
export const unpack = (entries: readonly Entry[], folder: string): void => {
  for (const entry of entries) {
    const path = join(folder, entry.path)
    mkdirSync(entry.kind === 'folder' ? path : dirname(path), { recursive: true })
    if (entry.kind === 'link') symlinkSync(entry.target, path)
    if (entry.kind === 'file') writeFileSync(path, entry.bytes, { mode: entry.mode })
  }
}
