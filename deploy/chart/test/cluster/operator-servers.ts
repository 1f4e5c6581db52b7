import type { ServerImages } from '@relais/kubernetes/images.ts'
import type { KubernetesObject } from '@relais/kubernetes/in-cluster.ts'
import type { Credentials } from '@relais/testing'

export const PASSWORD = 'a password of the operator’s'.replace(/\W+/g, '-')
export const S3_KEYS = { accessKey: 'operator', secretKey: 'operators-secret-key' } as const

/** What an operator has beside Relais: servers in a namespace of their own, on folders that go with their pods. */
export type ServersOrder = {
  readonly namespace: string
  readonly images: ServerImages
  /** Of S3; clients must name the same. */
  readonly region: string
  /** Of PostgreSQL and S3; undefined: in clear. */
  readonly tls?: Credentials
}

/** One NATS server, PostgreSQL and S3. */
export const operatorServers = ({
  namespace,
  images,
  region,
  tls,
}: ServersOrder): readonly KubernetesObject[] => {
  const meta = (name: string) => ({ name, namespace })
  const secured = tls !== undefined
  const files = { 'tls.crt': tls?.certificate ?? '', 'tls.key': tls?.key ?? '' }
  const server = (name: string, container: Container): readonly KubernetesObject[] => [
    pod(meta(name), container, { image: images[name as keyof ServerImages].name, secured }),
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: meta(name) },
      spec: { selector: { app: name }, ports: container.ports.map((port) => ({ name: `p${port}`, port })) },
    },
  ]
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: meta('server-tls'), stringData: files },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('nats'), data: { 'nats.conf': NATS } },
    ...server('nats', { args: ['-c', '/etc/nats/nats.conf'], ports: [4222, 8222], user: 65532, env: {} }),
    ...server('postgres', {
      args: secured
        ? ['-c', 'ssl=on', '-c', 'ssl_cert_file=/tls/tls.crt', '-c', 'ssl_key_file=/tls/tls.key']
        : [],
      ...{ ports: [5432], user: 999 },
      env: {
        POSTGRES_USER: 'relais',
        POSTGRES_DB: 'relais',
        PGDATA: '/data/postgres',
        POSTGRES_PASSWORD: PASSWORD,
      },
    }),
    ...server('s3', {
      args: [
        '--region',
        region,
        '--port',
        ':7070',
        ...(secured ? ['--cert', '/tls/tls.crt', '--key', '/tls/tls.key'] : []),
        'posix',
        '/data',
      ],
      ...{ ports: [7070], user: 65532 },
      env: { ROOT_ACCESS_KEY: S3_KEYS.accessKey, ROOT_SECRET_KEY: S3_KEYS.secretKey },
    }),
  ]
}

const NATS = `port: 4222
http_port: 8222
server_name: operators
max_payload: 4MB
jetstream { store_dir: /data, sync_interval: always }
`

type Container = {
  readonly args: readonly string[]
  readonly ports: readonly number[]
  readonly user: number
  readonly env: Readonly<Record<string, string>>
}

const pod = (
  metadata: { readonly name: string; readonly namespace: string },
  { args, ports, user, env }: Container,
  { image, secured }: { readonly image: string; readonly secured: boolean },
): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: { app: metadata.name } } },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsUser: user, runAsGroup: user, fsGroup: user, runAsNonRoot: true },
    containers: [
      {
        ...{ name: metadata.name, image, imagePullPolicy: 'Never', args },
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        readinessProbe: { tcpSocket: { port: ports[0] }, periodSeconds: 1 },
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          // A folder is a bucket.
          ...(metadata.name === 's3' ? [{ name: 'data', mountPath: '/data/relais', subPath: 'relais' }] : []),
          { name: 'tmp', mountPath: '/tmp' },
          ...(secured ? [{ name: 'tls', mountPath: '/tls' }] : []),
          ...(metadata.name === 'nats' ? [{ name: 'nats', mountPath: '/etc/nats' }] : []),
        ],
      },
    ],
    volumes: [
      ...['data', 'tmp'].map((name) => ({ name, emptyDir: {} })),
      { name: 'tls', secret: { secretName: 'server-tls', defaultMode: 0o440 } },
      { name: 'nats', configMap: { name: 'nats', optional: true } },
    ],
  },
})
