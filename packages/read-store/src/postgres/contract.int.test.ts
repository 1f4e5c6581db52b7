import { readStoreContract } from '../contract-suite.ts'
import { openPostgresRows, serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

readStoreContract('PostgreSQL', () => openPostgresRows(server().connection))
