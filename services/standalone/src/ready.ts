import { rmSync } from 'node:fs'
import { writeWhole } from './write-whole.ts'

/** Where a running Relais is, for programs on this machine. */
export type Ready = {
  readonly pid: number
  readonly eas: string
  readonly admin: string
  readonly lmtp: string
  readonly smtp: string
  readonly submission: string
  /** Where its figures are, where they are kept. */
  readonly metrics?: string
  /** Of an administrator. */
  readonly token: string
  /** Certificate to trust, where it was generated. */
  readonly ca?: string
}

/** Written when everything answers; gone when it ends well. Mode 0600: the token is in it. */
export const announceReady = (files: readonly string[], ready: Ready): (() => void) => {
  for (const file of files) writeWhole(file, `${JSON.stringify(ready, null, 1)}\n`)
  return () => {
    for (const file of files) rmSync(file, { force: true })
  }
}
