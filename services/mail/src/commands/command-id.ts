import { hash } from 'node:crypto'

/** The log takes ids of up to 255 characters. */
const MAX_LENGTH = 200

/** A command's id, of what the caller says and what is derived from it; long ones are hashed. */
export const commandIdOf = (...parts: readonly (string | number)[]): string => {
  const id = parts.join('/')
  return id.length <= MAX_LENGTH ? id : `sha256:${hash('sha256', id, 'hex')}`
}
