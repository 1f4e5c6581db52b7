import { hash } from 'node:crypto'
import { Flag } from '@relais/proto/mail/v1/message.ts'

// Canonical values of the property groups, by which a device's repeated command is recognised (sync.md 4, chain).

const digest = (bytes: Uint8Array | string) => hash('sha256', bytes, 'base64url').slice(0, 16)

export const seenValue = (seen: boolean): string => (seen ? '1' : '0')

export const flagValue = (flag: Flag | undefined): string => (flag ? digest(Flag.encode(flag).finish()) : '')

export const categoriesValue = (categories: readonly string[]): string =>
  categories.length === 0 ? '' : digest(JSON.stringify(categories))
