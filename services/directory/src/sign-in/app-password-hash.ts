import { hash, timingSafeEqual } from 'node:crypto'

/**
 * App passwords are 72 random bits: nobody guesses them, however cheap the hash. So a salted SHA-256 of microseconds does, where
 * argon2 would cost 45 ms for each of an account's app passwords. It isn't keyed: a restored backup or a moved tenant keeps its phones.
 */
const SHAPE = /^\$sha256\$([a-f0-9]{32})\$([a-f0-9]{64})$/

export const APP_SALT_BYTES = 16

const digest = (salt: string, letters: string) => hash('sha256', `${salt}$${letters}`, 'hex')

export const hashAppPassword = (letters: string, salt: Uint8Array): string => {
  const text = Buffer.from(salt).toString('hex')
  return `$sha256$${text}$${digest(text, letters)}`
}

export const isAppPassword = (letters: string, stored: string): boolean => {
  const [, salt = '', tag] = SHAPE.exec(stored) ?? []
  return tag !== undefined && timingSafeEqual(Buffer.from(digest(salt, letters)), Buffer.from(tag))
}
