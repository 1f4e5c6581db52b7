import { type EventLog, observedLog } from '@relais/event-log'
import {
  type Announcements,
  ObservedProjection,
  type Projector,
  type Reader,
  type ReadModel,
  type ReadStore,
  type Schema,
} from '@relais/read-store'
import { openPostgresAnnouncements } from '@relais/read-store/postgres/announcements.ts'
import { openPostgresProjector, type PostgresProjector } from '@relais/read-store/postgres/projector.ts'
import { openPostgresStore } from '@relais/read-store/postgres/store.ts'
import { describeError, type Logger, retryable } from '@relais/service-kit'
import type { StorageConfiguration } from './configuration.ts'
import { openLog } from './log.ts'
import type { Pod } from './pod.ts'
import { postgresConnection } from './postgres-url.ts'
import { readCa } from './secret-file.ts'

type StoreDefinition = {
  readonly name: string
  readonly schema: Schema
  readonly version: number
  /** True: what was written is on disk before it counts. */
  readonly durable?: boolean
}

/** Log and rows of a service. */
export type Storage = {
  readonly log: EventLog
  openProjector(model: ReadModel): Promise<Projector>
  openStore(definition: StoreDefinition): Promise<ReadStore>
  /** What the processes of a service tell each other; closed with the pod. */
  openAnnouncements(name: string): Announcements
  /** Resolves when the rows of every projector are those of the head that its service's log had when it was opened. */
  caughtUp(): Promise<void>
  /**
   * Resolves when this process is the one that projects every model that it opened; from then on the pod is ready only while it is. For services
   * of which one process at a time may work: another one waits here, and takes over within seconds when the first is gone.
   */
  inTurn(): Promise<void>
}

/** Opens the event log, and what opens rows; each is waited for, and asked from then on whether it is there. */
export const openStorage = async (pod: Pod, configuration: StorageConfiguration): Promise<Storage> => {
  const log = observedLog(await openLog(pod, configuration))
  const connection = postgresConnection(
    configuration.rows.url,
    readCa(configuration.rows.caFile, 'rows.caFile'),
  )
  const watched = watchOnce(pod)
  const building: Promise<void>[] = []
  const projectors: PostgresProjector[] = []
  const elected = () => projectors.every(({ isElected }) => isElected)
  return {
    log,
    openStore: async (definition) => {
      const store = await pod.untilThere(`the rows of ${definition.name}`, () =>
        openPostgresStore({ ...definition, connection }),
      )
      await watched(store)
      return store
    },
    openAnnouncements: (name) => {
      const part = `announcements of ${name}`
      const announcements = openPostgresAnnouncements({
        ...{ name, connection },
        onFault: (error) =>
          pod.logger.warn({ component: part, ...describeError(error) }, "others aren't heard"),
      })
      pod.add({ name: part, stop: () => announcements.close() })
      return announcements
    },
    openProjector: async (model) => {
      const part = `rows of ${model.name}`
      const observed = new ObservedProjection({
        ...{ model, clock: Date.now },
        head: () => log.head({ service: model.service }),
      })
      const projector = await pod.untilThere(`the ${part}`, () =>
        openPostgresProjector({ log, connection, model: observed.model, ...tellers(pod.logger, part) }),
      )
      const figures = observed.watch(projector)
      pod.add({ name: part, health: () => healthOf(projector), stop: () => figures.close() })
      projectors.push(projector)
      building.push(builtUp(pod, { log, projector, model }))
      await watched(projector.store)
      return projector
    },
    caughtUp: async () => void (await Promise.all(building)),
    inTurn: async () => {
      await pod.untilThere('its turn', async () => {
        if (!elected()) throw retryable('UNAVAILABLE', 'another process of the service works')
      })
      pod.add({
        name: 'its turn',
        health: () => ({ live: true, ready: elected(), reason: 'another process of the service works' }),
      })
    },
  }
}

/** All rows of a pod are in one database: one question for all of them. */
const watchOnce = (pod: Pod) => {
  let watching: Promise<void> | undefined
  return (rows: Reader): Promise<void> => {
    watching ??= pod.dependOn('the database', () => rows.get('SELECT 1 AS there'))
    return watching
  }
}

const tellers = (logger: Logger, component: string) => ({
  onAlarm: (error: Error) =>
    logger.error({ component, ...describeError(error) }, 'something is wrong with stored data'),
  onBuild: (position: number, head: number) =>
    logger.info({ component, position, head }, 'rows are being built'),
})

/** A projection that stands still answers from old rows: nobody is sent here until it goes on. */
const healthOf = (projector: Projector) => {
  const fault = projector.fault()
  return { live: true, ready: fault === undefined, reason: fault?.message }
}

type Building = { readonly log: EventLog; readonly projector: Projector; readonly model: ReadModel }

const WAIT_MS = 60_000

const builtUp = async (pod: Pod, { log, projector, model }: Building): Promise<void> => {
  const what = `the rows of ${model.name} up to the log's head`
  const head = await pod.untilThere(what, () => log.head({ service: model.service }))
  await pod.untilThere(what, () => projector.waitFor(head, Date.now() + WAIT_MS))
}
