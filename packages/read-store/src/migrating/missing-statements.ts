import { schemaInvalid, storeTooNew } from '../errors.ts'
import { type Dialect, type Schema, schemaFor } from '../port.ts'

/** What a store without a log is made of, whatever the engine. */
export type StoreDefinition = {
  /** Statements that make an empty place one of `version`. */
  readonly schema: Schema
  /** From 1 on. */
  readonly version: number
  /** Statements that bring a store to the version named, from the one before. They only expand: CREATE, ALTER TABLE … ADD, INSERT, UPDATE. */
  readonly migrations?: Readonly<Record<number, readonly string[]>>
}

type Request = StoreDefinition & {
  readonly dialect: Dialect
  /** As operators know it. */
  readonly place: string
}

const EXPANDING = /^\s*(?:CREATE|ALTER\s+TABLE\s+\S+\s+ADD|INSERT|UPDATE)\s/i

/** The statements that are missing in a store of a version; 0: an empty one. Errors: STORE_TOO_NEW, SCHEMA_INVALID. */
export const missingStatements = (request: Request, from: number): string[] => {
  const { place, schema, dialect, version, migrations = {} } = request
  if (from === 0) return [...schemaFor(dialect, schema)]
  if (from > version) throw storeTooNew(place, from)
  const statements: string[] = []
  for (let step = from + 1; step <= version; step += 1) {
    const migration = migrations[step]
    if (!migration) throw schemaInvalid(`no migration to version ${step} of ${place}`)
    statements.push(...migration)
  }
  const shrinking = statements.find((statement) => !EXPANDING.test(statement))
  if (shrinking) throw schemaInvalid(`a migration only expands: ${shrinking}`)
  return statements
}
