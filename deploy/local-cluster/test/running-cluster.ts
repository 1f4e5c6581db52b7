import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { EasClient, type EasResponse } from '@relais/device-sync/testing/eas-client.ts'
import { el } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { ProgramMissingError, pinnedProgram } from '@relais/servers'
import { findHaproxy } from '@relais/servers/haproxy.ts'
import { postgresProgram } from '@relais/servers/postgres-program.ts'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { type Cluster, startCluster } from '../src/cluster.ts'
import { type ClusterConfiguration, clusterSchema } from '../src/configuration.ts'

export const ANNA = { address: 'anna@acme.example', password: 'correct horse' }

/** Why this machine can't run a cluster; undefined: it can. */
export const missing: string | undefined = await Promise.all([
  pinnedProgram('nats-server'),
  pinnedProgram('versitygw'),
  findHaproxy(),
  Promise.try(() => postgresProgram('postgres')),
]).then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof ProgramMissingError) return error.message
    throw error
  },
)

export type RunningCluster = {
  readonly cluster: Cluster
  readonly folder: string
  /** A phone through HAProxy, or at one device-sync. */
  phone(device: string, at?: 1 | 2): TestPhone
  deliver(message: string | Buffer): Promise<void>
  /** Status of a service's probe; 0: it doesn't answer. */
  probe(service: string, path: 'livez' | 'readyz' | 'startupz'): Promise<number>
  /** Requests that wait at a device-sync, as it says itself. */
  held(service: string): Promise<number>
  service(name: string): Cluster['services'][number]
  /** Lines of a service's log. */
  lines(
    service: string,
  ): readonly { readonly msg: string; readonly component?: string; readonly level: string }[]
}

/** A cluster for all tests of a file, with one account. */
export const clusterOfTests = (log: ClusterConfiguration['log']): (() => RunningCluster) => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-cluster-'))
  chmodSync(folder, 0o711) // PostgreSQL runs as another user where tests run as root
  const endings: (() => void)[] = []
  let running: Cluster | undefined
  before(async () => {
    if (missing !== undefined) return
    const seed = join(folder, 'seed.json')
    writeFileSync(
      seed,
      JSON.stringify({ tenants: [{ name: 'Acme', domains: ['acme.example'], accounts: [ANNA] }] }),
    )
    const data = join(folder, 'data')
    const ports = { port: 0, adminPort: 0, lmtpPort: 0, smtpPort: 0, submissionPort: 0 }
    const configuration = clusterSchema.parse({
      data,
      seed,
      log,
      throwAway: true,
      graceSeconds: 3,
      telemetry: {},
      maxRepeats: 0,
      ...ports,
    })
    running = await startCluster(configuration, { say: () => {}, pid: process.pid, cuttable: true })
  })
  after(async () => {
    for (const end of endings) end()
    await running?.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return () => runningCluster(running!, { folder, endings })
}

type Around = { readonly folder: string; readonly endings: (() => void)[] }

const runningCluster = (cluster: Cluster, { folder, endings }: Around): RunningCluster => {
  const { ports } = cluster
  const service = (name: string) => {
    const found = cluster.services.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no service ${name}`)
    return found
  }
  return {
    ...{ cluster, folder, service },
    phone: (device, at) => {
      const port = at === undefined ? ports.eas : ports.phones[at - 1]
      const phone = new TestPhone(`http://127.0.0.1:${port}`, device)
      endings.push(() => phone.client.close())
      return phone
    },
    deliver: async (message) => {
      const sender = await LmtpSender.connect('127.0.0.1', ports.lmtp)
      await sender.deliver(ANNA.address, Buffer.from(message)).finally(() => sender.close())
    },
    probe: async (name, path) => {
      const answer = await fetch(`http://127.0.0.1:${service(name).health}/${path}`).catch(() => undefined)
      return answer?.status ?? 0
    },
    held: async (name) => {
      const figures = await fetch(`http://127.0.0.1:${service(name).health}/metrics`)
      return Number(/^relais_held_requests(?:\{.*\})? (\d+)/m.exec(await figures.text())?.[1] ?? 0)
    },
    lines: (name) =>
      readFileSync(join(folder, 'data', 'processes', `${name}.log`), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
  }
}

/** A phone of Anna's that syncs her inbox. */
export class TestPhone {
  readonly client: EasClient
  key = '0'

  constructor(url: string, device: string, key = '0') {
    const { address: user, password } = ANNA
    this.client = new EasClient({ url, user, password, deviceId: device, version: '16.1' })
    this.key = key
  }

  async setUp(): Promise<this> {
    await this.client.post(
      'FolderSync',
      el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]),
    )
    await this.sync()
    while (addsIn(await this.sync()).length > 0);
    return this
  }

  /** One Sync of the inbox; takes the key that it gets. */
  async sync(): Promise<EasResponse> {
    const response = await this.client.post(
      'Sync',
      el('airsync:Sync', [
        el('airsync:Collections', [
          el('airsync:Collection', [
            el('airsync:SyncKey', this.key),
            el('airsync:CollectionId', 'inbox'),
            this.key !== '0' && el('airsync:WindowSize', 100),
          ]),
        ]),
      ]),
    )
    this.key = keyIn(response) ?? this.key
    return response
  }

  ping(signal?: AbortSignal): Promise<EasResponse> {
    const folder = el('ping:Folder', [el('ping:Id', 'inbox'), el('ping:Class', 'Email')])
    const body = el('ping:Ping', [el('ping:HeartbeatInterval', 900), el('ping:Folders', [folder])])
    return this.client.post('Ping', body, { signal })
  }
}

const keyIn = ({ root }: EasResponse): string | undefined => textChild(collectionIn(root), 'airsync:SyncKey')

/** The inbox's part of a Sync's answer. */
export const collectionIn = (root: EasResponse['root']) =>
  descendant(root, 'airsync:Collections', 'airsync:Collection')

/** Messages that a Sync's answer adds. */
export const addsIn = ({ root }: EasResponse) => {
  const commands = child(collectionIn(root), 'airsync:Commands')
  return commands === undefined ? [] : childrenNamed(commands, 'airsync:Add')
}

/** HTTP 503 with Retry-After, or what newer versions have for it: Status 111, "server error, retry later" (MS-ASCMD 2.2.2). */
export const mustComeAgain = ({ status, headers, root }: EasResponse): boolean =>
  (status === 503 && Number(headers['retry-after']) > 0) || textChild(root, 'airsync:Status') === '111'
