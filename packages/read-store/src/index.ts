export * from './port.ts'
export { compareWithRebuild } from './sqlite/dump.ts'
export { openSqliteProjector, type SqliteProjector } from './sqlite/projector.ts'
export { openSqliteStore, type SqliteStore } from './sqlite/store.ts'
