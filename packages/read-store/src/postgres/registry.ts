import { lockKey, nameOf, quoted } from './identifier.ts'
import type { Session } from './session.ts'

/** Whose rows they are: a version of a read model in a placement unit. */
export type Place = { readonly unit: string; readonly model: string; readonly version: number }

/** One building of a read model: a schema of its own. */
export type GenerationEntry = Place & {
  readonly number: number
  /** Tells whether rows were made with the tables as they are now. */
  readonly fingerprint: string
  /** True if the rows were once built up to the log's end. */
  readonly ready: boolean
}

const CREATE = `CREATE SCHEMA IF NOT EXISTS relais;
  CREATE TABLE IF NOT EXISTS relais.generations (
    unit TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, ready BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (unit, model, version, number))`

const LIST = `SELECT unit, model, version, number, fingerprint, ready::int AS ready FROM relais.generations
  WHERE unit = $1 AND model = $2 ORDER BY version DESC, number DESC`
const SERVING = `SELECT unit, model, version, number, fingerprint, ready::int AS ready FROM relais.generations
  WHERE unit = $1 AND model = $2 AND version = $3 AND ready ORDER BY number DESC LIMIT 1`
const ADD =
  'INSERT INTO relais.generations (unit, model, version, number, fingerprint) VALUES ($1, $2, $3, $4, $5)'
const READY =
  'UPDATE relais.generations SET ready = TRUE WHERE unit = $1 AND model = $2 AND version = $3 AND number = $4'
const UNREADY =
  'UPDATE relais.generations SET ready = FALSE WHERE unit = $1 AND model = $2 AND version = $3 AND number = $4'
const REMOVE =
  'DELETE FROM relais.generations WHERE unit = $1 AND model = $2 AND version = $3 AND number = $4'

type Row = Omit<GenerationEntry, 'ready'> & { readonly ready: number }

const entryOf = (row: Row): GenerationEntry => ({ ...row, ready: row.ready === 1 })

const keyOf = ({ unit, model, version, number }: GenerationEntry) => [unit, model, version, number]

export const schemaOf = ({
  unit,
  model,
  version,
  number,
}: Omit<GenerationEntry, 'fingerprint' | 'ready'>): string => nameOf(unit, model, version, number)

/** Held by the one that projects. */
export const projectorLock = ({ unit, model, version }: Place): string =>
  lockKey('projector', unit, model, version)

/** Shared by all that read a generation: nobody removes it meanwhile. */
export const generationLock = (entry: GenerationEntry): string => lockKey('generation', ...keyOf(entry))

/** The table of generations; made where it isn't there, by one process at a time. */
export const openRegistry = async (session: Session): Promise<void> => {
  await session.exec(`BEGIN; SELECT pg_advisory_xact_lock(${lockKey('registry')}); ${CREATE}; COMMIT`)
}

/** Every generation of a read model, of all versions, newest first. */
export const listGenerations = async (session: Session, { unit, model }: Place): Promise<GenerationEntry[]> =>
  (await session.query<Row>(LIST, [unit, model])).rows.map(entryOf)

/** The newest complete one. */
export const servingGeneration = async (
  session: Session,
  { unit, model, version }: Place,
): Promise<GenerationEntry | undefined> =>
  (await session.query<Row>(SERVING, [unit, model, version])).rows.map(entryOf)[0]

export const addGeneration = async (session: Session, entry: GenerationEntry): Promise<void> => {
  await session.query(ADD, [...keyOf(entry), entry.fingerprint])
}

/** Says that the rows are complete. */
export const markReady = async (session: Session, entry: GenerationEntry): Promise<void> => {
  await session.query(READY, keyOf(entry))
}

/** Says that the rows aren't to be served: they are of other tables or of another log. */
export const retire = async (session: Session, entry: GenerationEntry): Promise<void> => {
  await session.query(UNREADY, keyOf(entry))
}

/** Removes a generation with its tables, unless somebody reads it. True if it is gone. */
export const removeGeneration = async (session: Session, entry: GenerationEntry): Promise<boolean> => {
  const lock = generationLock(entry)
  const [found] = await session.exec<{ free: number }>(`SELECT pg_try_advisory_lock(${lock}) AS free`)
  if (found?.free !== 1) return false
  try {
    await session.exec(`DROP SCHEMA IF EXISTS ${quoted(schemaOf(entry))} CASCADE`)
    await session.query(REMOVE, keyOf(entry))
    return true
  } finally {
    await session.exec(`SELECT pg_advisory_unlock(${lock})`)
  }
}
