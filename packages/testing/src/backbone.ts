import { join } from 'node:path'
import { type FileBlobs, openFileBlobs } from '@relais/blob-store'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import type { Projector, ReadModel, ReadStore } from '@relais/read-store'
import { cleanUp, type TestScope } from './clean-up.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { openTestRows, type RowsEngine, type TestStoreDefinition } from './test-rows.ts'

/** What services stand on: a real log, real rows and real blobs in a folder. */
export type Backbone = {
  readonly folder: string
  readonly log: SqliteLog
  readonly blobs: FileBlobs
  openProjector(model: ReadModel): Promise<Projector>
  openStore(definition: TestStoreDefinition): Promise<ReadStore>
  /** Closes all that was opened; the same folder may then be opened again, as after a restart. */
  close(): Promise<void>
}

type Closing = () => void | Promise<void>

/**
 * Opens a backbone in a temporary folder, or in the one given; it is closed when the test or suite is over. Default engine of
 * the rows: {@link rowsEngine}.
 */
export const openTestBackbone = async (
  scope: TestScope,
  folder?: string,
  engine?: RowsEngine,
): Promise<Backbone> => {
  const open: Closing[] = []
  const close = async () => {
    for (const closing of open.splice(0).reverse()) await closing()
  }
  // A folder goes after what is open in it: hooks run in the order in which they were given.
  const { add } = cleanUp((end) => scope.after(end))
  const place =
    folder ?? (await temporaryFolder({ after: (remove) => add({ value: undefined, close: remove }) }))
  add({ value: undefined, close })
  const kept = <T>(value: T, closing: Closing): T => {
    open.push(closing)
    return value
  }
  const log = await openSqliteLog({ file: join(place, 'log.sqlite') })
  kept(log, () => log.close())
  const blobs = await openFileBlobs({ folder: join(place, 'blobs') })
  kept(blobs, () => blobs.close())
  const rows = openTestRows(join(place, 'rows'), engine)
  return {
    folder: place,
    log,
    blobs,
    openProjector: async (model) => {
      const projector = await rows.openProjector(log, model)
      return kept(projector, () => projector.stop())
    },
    openStore: async (definition) => {
      const store = await rows.openStore(definition)
      return kept(store, () => store.close())
    },
    close,
  }
}
