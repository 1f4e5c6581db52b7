import { readStoreContract } from '../contract-suite.ts'
import { openSqliteRows } from './rows.fixture.ts'

readStoreContract('SQLite', openSqliteRows)
