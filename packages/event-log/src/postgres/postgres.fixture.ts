import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from '@relais/servers/postgres.ts'
import type { LogUnderTest } from '../contract/rule.ts'
import { whenAvailable } from '../history/available.fixture.ts'
import type { PostgresConnection, PostgresLogOptions } from './options.ts'
import { openPostgresLog } from './postgres-log.ts'

/** PostgreSQL runs as nobody where this runs as root: it must get through. */
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-postgres-'))
  chmodSync(folder, 0o755)
  return folder
}

/** A real server for the tests of a file. */
export const startForTests = async (
  options: Omit<PostgresOptions, 'folder'> = {},
): Promise<{ server: PostgresServer } | { missing: string }> => {
  const folder = temporaryFolder()
  try {
    const server = await startPostgres({ ...options, folder: join(folder, 'data') })
    after(async () => {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    })
    return { server }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    if (error instanceof ProgramMissingError) return { missing: error.message }
    throw error
  }
}

/** A server of one test's own. */
export const startForTest = async (
  context: TestContext,
  options: Omit<PostgresOptions, 'folder'> = {},
): Promise<PostgresServer> => {
  const folder = temporaryFolder()
  // Hooks run in the order in which they come: its servers end before.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres({ ...options, folder: join(folder, 'data') })
  context.after(() => server.kill())
  return server
}

let made = 0

/** A schema that no other test uses. */
export const ownSchema = (): string => {
  made += 1
  return `log_${made}`
}

/** A log, closed after the test. However impatient it is, it is opened also where the machine is slow. */
export const openFor = async (
  context: TestContext,
  connection: PostgresConnection,
  more: Partial<PostgresLogOptions> = {},
) => {
  const options = { connection, schema: ownSchema(), onFault: () => {}, ...more }
  const log = await whenAvailable(() => openPostgresLog(options))
  context.after(() => log.close())
  return log
}

/** A log in a schema of its own. */
export const openLogUnderTest = async ({ connection, query }: PostgresServer): Promise<LogUnderTest> => {
  const schema = ownSchema()
  let now = 1_764_000_000_000
  const open = () => openPostgresLog({ connection, schema, clock: () => now })
  const opened = {
    log: await open(),
    reopen: async () => {
      await opened.log.close()
      opened.log = await open()
    },
    passTime: (milliseconds: number) => {
      now += milliseconds
    },
    dispose: async () => {
      await opened.log.close()
      await query(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
  return opened
}
