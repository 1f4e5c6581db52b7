import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { serverImages } from '@relais/kubernetes/images.ts'
import type { KubernetesObject } from '@relais/kubernetes/in-cluster.ts'
import { run } from '@relais/kubernetes/run.ts'
import { operatorServers, PASSWORD } from './operator-servers.ts'

export const NATS_SERVERS = ['nats-0', 'nats-1', 'nats-2'] as const
const POSTGRES_USER = 999

/** Three NATS servers, PostgreSQL with a synchronous standby, and one S3 server, in a namespace of their own. */
export const startServers = async (cluster: Cluster, namespace: string): Promise<void> => {
  const images = await serverImages()
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
  const s3 = operatorServers({ namespace, images, region: 'us-east-1' }).filter(isOfS3)
  const nats = NATS_SERVERS.flatMap((name) => natsServer(namespace, name, images.nats.name))
  await cluster.apply([...nats, ...s3])
  await startPostgres(cluster, namespace, images.postgres.name)
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s'])
}

const isOfS3 = ({ metadata, kind }: KubernetesObject): boolean =>
  (metadata as { name: string }).name === 's3' || kind === 'Secret'

type ServiceOrder = {
  readonly namespace: string
  readonly name: string
  readonly ports: readonly number[]
  readonly selector: Readonly<Record<string, string>>
}

const service = ({ namespace, name, ports, selector }: ServiceOrder): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace } },
  spec: {
    selector,
    publishNotReadyAddresses: true, // NATS servers find each other before they are ready
    ports: ports.map((port) => ({ name: `p${port}`, port })),
  },
})

const natsConfiguration = (name: string): string => `port: 4222
http_port: 8222
server_name: ${name}
max_payload: 4MB
jetstream { store_dir: /data, sync_interval: always }
cluster {
  name: operators
  port: 6222
  routes: [${NATS_SERVERS.map((one) => `"nats://${one}:6222"`).join(', ')}]
}
`

const natsServer = (namespace: string, name: string, image: string): readonly KubernetesObject[] => {
  const metadata = { name, namespace }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'nats.conf': natsConfiguration(name) } },
    service({ namespace, name, ports: [4222, 6222, 8222], selector: { app: name } }),
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: { app: name } } },
      spec: {
        automountServiceAccountToken: false,
        containers: [
          {
            ...{ name: 'nats', image, imagePullPolicy: 'Never', args: ['-c', '/etc/nats/nats.conf'] },
            readinessProbe: { tcpSocket: { port: 4222 }, periodSeconds: 1 },
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'nats', mountPath: '/etc/nats' },
            ],
          },
        ],
        securityContext: { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, runAsNonRoot: true },
        volumes: [
          { name: 'data', emptyDir: {} }, // outlives what runs in the pod
          { name: 'nats', configMap: { name } },
        ],
      },
    },
  ]
}

const postgresPod = (
  { namespace, name, role }: { namespace: string; name: string; role: string },
  image: string,
  folder: string,
): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: name, role } } },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsUser: POSTGRES_USER, runAsGroup: POSTGRES_USER, runAsNonRoot: true },
    containers: [
      {
        ...{ name: 'postgres', image, imagePullPolicy: 'Never' },
        env: Object.entries({
          POSTGRES_USER: 'relais',
          POSTGRES_DB: 'relais',
          PGDATA: '/data/postgres',
          POSTGRES_PASSWORD: PASSWORD,
        }).map(([key, value]) => ({ name: key, value })),
        readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'data', hostPath: { path: folder, type: 'Directory' } },
      { name: 'tmp', emptyDir: {} },
    ],
  },
})

/** The standby begins with a copy of the primary while that is down, and confirms each commit from then on. */
const startPostgres = async (cluster: Cluster, namespace: string, image: string): Promise<void> => {
  const folderOf = (name: string) => cluster.place.at('volumes', `${namespace}-${name}`)
  const start = (name: string, role: string) =>
    cluster.apply([postgresPod({ namespace, name, role }, image, folderOf(name))])
  for (const name of ['postgres', 'standby']) {
    mkdirSync(folderOf(name))
    await run('chown', [String(POSTGRES_USER), folderOf(name)])
  }
  await cluster.apply([
    service({ namespace, name: 'postgres', ports: [5432], selector: { role: 'primary' } }),
    service({ namespace, name: 'primary', ports: [5432], selector: { app: 'postgres' } }),
  ])
  await start('postgres', 'primary')
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod/postgres', '--timeout=60s'])
  await cluster.kubectl(['-n', namespace, 'delete', 'pod', 'postgres', '--wait'])
  const data = (name: string, file = '') => join(folderOf(name), 'postgres', file)
  await run('cp', ['-a', data('postgres'), folderOf('standby')])
  settle(data('postgres'), { synchronous_standby_names: 'standby' })
  const primary = `host=primary port=5432 user=relais password=${PASSWORD} application_name=standby`
  settle(data('standby'), { primary_conninfo: primary })
  writeFileSync(data('standby', 'standby.signal'), '')
  await run('chown', ['-R', String(POSTGRES_USER), folderOf('standby'), folderOf('postgres')])
  await start('postgres', 'primary')
  await start('standby', 'standby')
}

const settle = (folder: string, settings: Readonly<Record<string, string>>): void => {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  writeFileSync(join(folder, 'postgresql.auto.conf'), lines.join(''))
}

/** As an operator's program does it: the primary is dead, the standby takes writes, its name leads there. */
export const failOver = async (cluster: Cluster, namespace: string): Promise<void> => {
  const kubectl = (...args: readonly string[]) => cluster.kubectl(['-n', namespace, ...args])
  const uid = await kubectl('get', 'pod', 'postgres', '-o', 'jsonpath={.metadata.uid}')
  cluster.killPod(uid)
  await kubectl('delete', 'pod', 'postgres', '--grace-period=0', '--force')
  const promote = '/postgres/bin/pg_ctl promote -D /data/postgres'
  await kubectl('exec', 'standby', '--', '/bin/sh', '-c', promote)
  await kubectl('label', 'pod', 'standby', 'role=primary', '--overwrite')
}

/** Name of the server that leads the stream's copies. */
export const streamLeader = async (cluster: Cluster, namespace: string, stream: string): Promise<string> => {
  const ip = await cluster.kubectl([
    ...['-n', namespace, 'get', 'service', 'nats-0'],
    ...['-o', 'jsonpath={.spec.clusterIP}'],
  ])
  const answer = await fetch(`http://${ip}:8222/jsz?streams=true&accounts=true`)
  return leaderIn(await answer.text(), stream)
}

const leaderIn = (text: string, stream: string): string => {
  const { account_details: accounts = [] } = JSON.parse(text) as { account_details?: Account[] }
  const found = accounts.flatMap((one) => one.stream_detail ?? []).find(({ name }) => name === stream)
  if (found?.cluster?.leader === undefined) throw new Error(`nobody leads ${stream}: ${text}`)
  return found.cluster.leader
}

type Account = { stream_detail?: { name: string; cluster?: { leader?: string } }[] }
