import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileBlobs } from '@relais/blob-store'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { createLogger } from '@relais/service-kit'
import { openTestRows, type TestScope } from '@relais/testing'
import { createMailTransport, type MailTransport, type MailTransportDeps } from '../src/service.ts'
import { createNeighbours, type Neighbours } from './neighbours.ts'

export const logger = createLogger({ name: 'test', level: 'silent' })

export type Running = Neighbours & {
  readonly transport: MailTransport
  readonly deps: MailTransportDeps
  /** Stops it as a restart would, and starts another on the same folder. */
  restart(): Promise<Running>
}

export type RunOptions = Partial<Pick<MailTransportDeps, 'smarthost' | 'maxMessageBytes' | 'clock'>> & {
  readonly started?: boolean
}

/** mail-transport on a real log, real rows and real blobs. */
export const run = async (scope: TestScope, options: RunOptions = {}): Promise<Running> => {
  const folder = await mkdtemp(join(tmpdir(), 'relais-transport-'))
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  const blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  const closing: (() => Promise<void>)[] = [log.close.bind(log), blobs.close.bind(blobs)]
  scope.after(async () => {
    for (const close of closing.reverse()) await close()
    await rm(folder, { recursive: true, force: true })
  })
  const clock = options.clock ?? Date.now
  const rows = openTestRows(join(folder, 'rows'))
  const neighbours = createNeighbours({ log, blobs, clock })
  const deps: MailTransportDeps = {
    log,
    blobs,
    directory: neighbours.directory,
    mail: neighbours.mail,
    openProjector: (model) => rows.openProjector(log, model),
    openStore: rows.openStore,
    spoolFolder: join(folder, 'spool'),
    clock,
    newId: randomUUID,
    random: () => 0.5,
    logger,
    serverName: 'mx.acme.example',
    maxMessageBytes: options.maxMessageBytes ?? 1_000_000,
    smarthost: options.smarthost,
  }
  return start({ closing, deps, neighbours }, options.started ?? true)
}

type Parts = {
  readonly closing: (() => Promise<void>)[]
  readonly deps: MailTransportDeps
  readonly neighbours: Neighbours
}

const start = async ({ closing, deps, neighbours }: Parts, started: boolean): Promise<Running> => {
  const transport = await createMailTransport(deps)
  if (started) transport.start()
  let stopped = false
  const stop = async () => {
    if (!stopped) await transport.stop(100)
    stopped = true
  }
  closing.push(stop)
  return {
    ...neighbours,
    transport,
    deps,
    restart: async () => {
      await stop()
      return start({ closing, deps, neighbours }, true)
    },
  }
}
