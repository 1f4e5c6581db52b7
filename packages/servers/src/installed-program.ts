import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ProgramMissingError } from './pinned-program.ts'

/** Where systems keep what only administrators start. */
const PLACES = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin', '/opt/homebrew/bin']

/**
 * Path of a program that isn't built here but installed: `haproxy`, `nginx`.
 * Errors: {@link ProgramMissingError} that says how to get it.
 */
export const installedProgram = async (name: string, debianPackage = name): Promise<string> => {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...PLACES]
  const found = places.map((place) => join(place, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new ProgramMissingError(`${name} is not installed (Debian: apt-get install ${debianPackage})`)
}
