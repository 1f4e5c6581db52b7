import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DeviceSyncClient, DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { type CallExtras, CertificateSource, createGrpcClient } from '@relais/service-kit'
import { type ClusterReady, startCluster } from '../process.ts'
import { OPERATOR, World, type WorldClients } from './world.ts'

/** Every service a process of its own; a phone's requests go to the two device-syncs in turn. Asked as device-sync asks. */
export class ClusterWorld extends World {
  readonly #path: string
  #ending: (() => unknown)[] = []
  #ready!: ClusterReady
  #clients!: WorldClients
  #devices!: DeviceSyncClient<CallExtras>

  constructor(path: string) {
    super()
    this.#path = path
  }

  async start(): Promise<void> {
    const scope = { after: (end: () => unknown) => void this.#ending.push(end) }
    const flags = ['--throw-away', '--max-repeats', String(this.maxRepeats)]
    const { ready } = await startCluster(scope, this.#path, flags)
    this.#ready = ready
    const certificates = certificatesIn(ready.certificates)
    const client = <Definition extends Parameters<typeof createGrpcClient>[0]>(
      service: string,
      definition: Definition,
    ) => {
      const made = createGrpcClient(definition, addressOf(ready, service), {
        tls: { certificates, service },
      })
      this.#ending.push(() => made.close())
      return made
    }
    this.#clients = {
      directory: client('directory', DirectoryDefinition),
      mail: client('mail', MailDefinition),
    }
    const { token, ca = '' } = ready
    const devices = createGrpcClient(DeviceSyncDefinition, new URL(ready.admin).host, { token, tls: { ca } })
    this.#ending.push(() => devices.close())
    this.#devices = devices
    await this.clients.directory.createTenant(
      { name: 'Acme', domains: ['acme.example'] },
      { identity: OPERATOR },
    )
  }

  async stop(): Promise<void> {
    for (const end of this.#ending.splice(0).reverse()) await end()
  }

  /** Phones of tests repeat themselves: none is slowed down for it. */
  protected get maxRepeats(): number {
    return 0
  }

  get urls(): readonly string[] {
    return this.#ready.deviceSyncs
  }

  /** Of a service's process. */
  pidOf(service: string): number {
    return processOf(this.#ready, service).pid
  }

  override get devices() {
    return this.#devices
  }

  get clients(): WorldClients {
    return this.#clients
  }
}

const certificatesIn = (folder: string): CertificateSource => {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return new CertificateSource({
    certificate: read('device-sync.crt'),
    key: read('device-sync.key'),
    clientCa: read('ca.crt'),
  })
}

const processOf = ({ processes }: ClusterReady, service: string) => {
  const found = processes.find(({ name }) => name === service)
  if (found === undefined) throw new Error(`no process of ${service}`)
  return found
}

const addressOf = (ready: ClusterReady, service: string): string => processOf(ready, service).grpc
