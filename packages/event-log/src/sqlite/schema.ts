import { DatabaseSync } from 'node:sqlite'
import { newerFormat, noLog } from './faults.ts'

/** Of the file; kept in its `user_version`. */
export const FORMAT = 1

/** "RLog": marks a file as ours in its header. */
const APPLICATION_ID = 0x524c6f67

/**
 * Names are kept once and commits carry numbers, so that the three indexes stay narrow. Each takes a position as its last column,
 * being a rowid, and each filter is one range of an index or a few: reader.ts.
 * AUTOINCREMENT: a purged stream's number is never another stream's.
 */
const TABLES = `
  CREATE TABLE log (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL REFERENCES tenants,
    account TEXT NOT NULL,
    service INTEGER NOT NULL REFERENCES services,
    UNIQUE (account, tenant, service)
  ) STRICT;
  CREATE TABLE commits (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    service INTEGER NOT NULL,
    appended INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;
  CREATE INDEX commits_by_stream ON commits (stream);
  CREATE INDEX commits_by_tenant ON commits (tenant, service);
  CREATE INDEX commits_by_service ON commits (service);
  CREATE TABLE commands (
    stream INTEGER NOT NULL,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (stream, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO log VALUES ('last', 0), ('forgotten', 0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};`

/** Milliseconds that a connection waits for another's lock. */
const LOCK_TIMEOUT = 1000

/** The WAL file is cut down to this many bytes when it starts again (a backup lets it grow beyond). */
const WAL_SIZE_LIMIT = 64 * 1024 * 1024

/**
 * The only connection that writes. Makes the file where there is none.
 * Errors: LOG_FORMAT_NEWER, LOG_FORMAT_UNKNOWN (terminal), the driver's.
 */
export const openForWriting = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { timeout: LOCK_TIMEOUT })
  try {
    checkFormat(db, file)
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT};
      PRAGMA secure_delete = ON;
      PRAGMA cache_size = -16000;`)
    if (isEmpty(db)) createTables(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A connection for reading, after the writer has made the file. */
export const openForReading = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { readOnly: true, timeout: LOCK_TIMEOUT })
  db.exec('PRAGMA cache_size = -16000')
  return db
}

/** A connection that copies the WAL into the file while others write and read. */
export const openForUpkeep = (file: string): DatabaseSync => {
  const db = new DatabaseSync(file, { timeout: LOCK_TIMEOUT })
  db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
  return db
}

const pragma = (db: DatabaseSync, name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])

const isEmpty = (db: DatabaseSync) => db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined

const checkFormat = (db: DatabaseSync, file: string) => {
  if (isEmpty(db)) return
  if (pragma(db, 'application_id') !== APPLICATION_ID) throw noLog(file)
  const format = pragma(db, 'user_version')
  if (format > FORMAT) throw newerFormat(file, format, FORMAT)
}

const createTables = (db: DatabaseSync) => {
  db.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT`)
}
