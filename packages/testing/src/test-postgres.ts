import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type PostgresServer, startPostgres, temporaryPostgresFolder } from '@relais/servers'

let starting: Promise<PostgresServer> | undefined

/** One server for all tests of a process, started when the first one asks; it ends with the process. */
export const testPostgres = (): Promise<PostgresServer> => {
  starting ??= start()
  return starting
}

const start = async (): Promise<PostgresServer> => {
  const folder = temporaryPostgresFolder()
  const server = await startPostgres({ folder: join(folder, 'data') })
  server.unref()
  process.once('exit', () => {
    void server.kill() // its signals are sent at once
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return server
}
