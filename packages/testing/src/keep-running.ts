import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '@relais/servers/postgres.ts'

/** Until something is done: a PostgreSQL without room for its journal ends itself, at once or a while later, and whoever runs it starts it again. */
export const keepRunning = async (server: PostgresServer, done: Promise<unknown>): Promise<void> => {
  let isDone = false
  const ended = done.finally(() => {
    isDone = true
  })
  while (!isDone) {
    if (!server.running()) await server.start()
    await delay(50)
  }
  await ended
}
