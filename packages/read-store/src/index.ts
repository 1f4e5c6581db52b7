export { ProjectionFailedError, StreamGapError } from './errors.ts'
export * from './port.ts'
export { openSqliteProjector, SqliteProjector, type SqliteProjectorOptions } from './sqlite/projector.ts'
export { openSqliteStore, type SqliteStoreOptions } from './sqlite/store.ts'
