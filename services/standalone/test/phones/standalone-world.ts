import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createDeviceSync, type DeviceSync, easServerOptions } from '@relais/device-sync'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { openSqliteProjector, openSqliteStore } from '@relais/read-store'
import { createLocalClient, createLogger } from '@relais/service-kit'
import { type DataFolder, openDataFolder } from '../../src/data-folder.ts'
import { openRelais, type Relais } from '../../src/relais.ts'
import { OPERATOR, World } from './world.ts'

const logger = createLogger({ name: 'test', level: 'silent' })

/** A whole Relais in this process; it can be restarted, and its device rows lost. */
export class StandaloneWorld extends World {
  protected readonly path: string
  protected relais!: Relais
  protected data!: DataFolder
  #servers: readonly Server[] = []

  constructor(path: string) {
    super()
    this.path = path
  }

  async start(): Promise<void> {
    this.data = openDataFolder(this.path)
    this.relais = await openRelais({
      data: this.data,
      logger,
      graceMs: 10,
      serverName: 'test.example',
      publicUrl: '',
      trustedProxies: [],
      maxMessageBytes: 1_000_000,
      maxRepeats: this.maxRepeats,
      smarthost: undefined,
      progress: () => {},
    })
    this.#servers = await Promise.all((await this.deviceSyncs()).map(listening))
    if (this.data.fresh)
      await this.clients.directory.createTenant(
        { name: 'Acme', domains: ['acme.example'] },
        { identity: OPERATOR },
      )
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
    await this.stopDeviceSyncs()
    await this.relais.lifecycle.stop()
    this.data.close()
  }

  override async restart({ losingRows }: { losingRows: boolean }): Promise<void> {
    await this.stop()
    if (losingRows)
      for (const suffix of ['', '-wal', '-shm'])
        await rm(join(this.path, 'stores', `${this.deviceRows}.sqlite${suffix}`), { force: true })
    await this.start()
  }

  get urls(): readonly string[] {
    return this.#servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  get clients() {
    return this.relais.clients
  }

  #devices: { readonly of: DeviceSync; readonly client: NonNullable<World['devices']> } | undefined

  override get devices() {
    const of = this.wiping
    if (this.#devices?.of !== of)
      this.#devices = {
        of,
        client: createLocalClient(DeviceSyncDefinition, of.handlers, { identity: OPERATOR }),
      }
    return this.#devices.client
  }

  protected get wiping(): DeviceSync {
    return this.relais.deviceSync
  }

  protected get deviceRows(): string {
    return 'device-rows'
  }

  /** Simulated phones repeat themselves more than any that works: it isn't minded. */
  protected get maxRepeats(): number {
    return 0
  }

  protected async deviceSyncs(): Promise<readonly DeviceSync[]> {
    return [this.relais.deviceSync]
  }

  protected async stopDeviceSyncs(): Promise<void> {}
}

/** The same with two device-syncs that share the rows of devices, as two processes do. */
export class PairWorld extends StandaloneWorld {
  #pair: readonly DeviceSync[] = []
  #closeStore = async () => {}

  protected override get wiping(): DeviceSync {
    return this.#pair[0]!
  }

  protected override get deviceRows(): string {
    return 'shared-device-rows'
  }

  protected override async deviceSyncs(): Promise<readonly DeviceSync[]> {
    const file = join(this.data.folder('stores'), 'shared-device-rows.sqlite')
    let store: Awaited<ReturnType<typeof openSqliteStore>> | undefined
    const openStore = async ({ schema, version }: Parameters<Opening['openStore']>[0]) => {
      store ??= await openSqliteStore({ file, schema, version })
      return { ...methodsOf(store), close: async () => {} }
    }
    this.#pair = [await this.#deviceSync('one', openStore), await this.#deviceSync('two', openStore)]
    this.#closeStore = async () => store?.close()
    return this.#pair
  }

  async #deviceSync(name: string, openStore: Opening['openStore']): Promise<DeviceSync> {
    const { log, clients } = this.relais
    const folder = this.data.folder(`rows-${name}`)
    const deviceSync = await createDeviceSync({
      ...{ log, ...clients, openStore, clock: Date.now, logger, sharedRows: true },
      openProjector: (model) => openSqliteProjector({ log, folder, model }),
      incarnation: this.data.incarnation,
      config: { maxMessageBytes: 1_000_000, maxRepeats: this.maxRepeats },
    })
    await deviceSync.start()
    return deviceSync
  }

  protected override async stopDeviceSyncs(): Promise<void> {
    await Promise.all(this.#pair.map((one) => one.stop()))
    await this.#closeStore()
  }
}

type Opening = Parameters<typeof createDeviceSync>[0]

/** A store is an object of a class: its methods, bound. */
const methodsOf = (store: Awaited<ReturnType<Opening['openStore']>>) => ({
  dialect: store.dialect,
  get: store.get.bind(store),
  all: store.all.bind(store),
  snapshot: store.snapshot.bind(store),
  transaction: store.transaction.bind(store),
})

const listening = async ({ listener }: DeviceSync): Promise<Server> => {
  const server = createServer(easServerOptions, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
