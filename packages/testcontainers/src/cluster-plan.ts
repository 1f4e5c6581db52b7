import type { Plan } from './plan.ts'
import { COMPILED_ONCE } from './relais-container.ts'

/** Every service that has a process of its own, in the order in which they are told to end. */
export const SERVICES = ['device-sync', 'administration', 'mail-transport', 'mail', 'directory'] as const
export type ServiceName = (typeof SERVICES)[number]

export const HEALTH_PORT = 7480
const GRPC_PORT = 7400
const TLS = '/etc/relais/tls'
const SECRETS = '/etc/relais/secrets'

/** Names by which containers find each other on their network. */
export const NATS = 'nats'
export const POSTGRES = 'postgres'
export const DATABASE = 'relais'

/** Where every container finds its own certificate. */
export const TLS_FILES = {
  certificate: `${TLS}/tls.crt`,
  key: `${TLS}/tls.key`,
  ca: `${TLS}/ca.crt`,
} as const
export const SECRET_FILES = { credentialKey: `${SECRETS}/credential-key`, token: `${SECRETS}/token` } as const
export const BLOBS = '/blobs'
export const SPOOL = '/tmp/spool'

/** Ports that a test reaches, by service. */
export const PORTS: Readonly<Record<ServiceName, readonly number[]>> = {
  'device-sync': [8080],
  administration: [8090],
  'mail-transport': [2424, 2525, 2587],
  mail: [],
  directory: [],
}

const peer = (service: ServiceName) => `${service}:${GRPC_PORT}`

const COMMON = {
  RELAIS_TLS_CERTIFICATE: TLS_FILES.certificate,
  RELAIS_TLS_KEY: TLS_FILES.key,
  RELAIS_TLS_CA: TLS_FILES.ca,
  RELAIS_GRACE_SECONDS: '5',
  RELAIS_UNREADY_SECONDS: '0',
}
const STORAGE = {
  RELAIS_LOG_KIND: 'jetstream',
  RELAIS_LOG_URL: `nats://${NATS}:4222`,
  RELAIS_LOG_REPLICAS: '1',
  RELAIS_LOG_MONITORING: `http://${NATS}:8222`,
  RELAIS_ROWS_URL: `postgres://${DATABASE}@${POSTGRES}:5432/${DATABASE}`,
}
const CONTENT = { RELAIS_BLOBS_KIND: 'file', RELAIS_BLOBS_FOLDER: BLOBS }
const PEERS = { RELAIS_PEERS_DIRECTORY: peer('directory'), RELAIS_PEERS_MAIL: peer('mail') }

const OWN: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  directory: { ...STORAGE, ...CONTENT, RELAIS_CREDENTIAL_KEY_FILE: SECRET_FILES.credentialKey },
  mail: { ...STORAGE, ...CONTENT, RELAIS_PEERS_DIRECTORY: peer('directory') },
  'mail-transport': {
    ...{ ...STORAGE, ...CONTENT, ...PEERS },
    RELAIS_PASSWORDS_IN_CLEAR: 'true',
    RELAIS_SPOOL_FOLDER: SPOOL,
  },
  'device-sync': { ...STORAGE, ...PEERS },
  administration: {
    ...PEERS,
    RELAIS_PEERS_MAIL_TRANSPORT: peer('mail-transport'),
    RELAIS_PEERS_DEVICE_SYNC: peer('device-sync'),
    RELAIS_TOKEN_FILE: SECRET_FILES.token,
    RELAIS_PUBLIC_TLS_CERTIFICATE: TLS_FILES.certificate,
    RELAIS_PUBLIC_TLS_KEY: TLS_FILES.key,
  },
}

/** Settings that only some services know: a test says them once for the whole. */
const KNOWN_TO: Readonly<Record<string, readonly ServiceName[]>> = {
  RELAIS_MAX_REPEATS: ['device-sync'],
  RELAIS_MAX_MESSAGE_BYTES: ['mail', 'mail-transport', 'device-sync'],
  RELAIS_SMARTHOST: ['mail-transport'],
  RELAIS_TRUSTED_PROXIES: ['device-sync'],
}

/** What a service's container is told. */
export const environmentOf = (service: ServiceName, { settings }: Plan): Record<string, string> => {
  const told = Object.entries(settings).filter(([name]) => KNOWN_TO[name]?.includes(service) ?? true)
  return { ...Object.fromEntries(told), ...COMPILED_ONCE, ...COMMON, ...OWN[service] }
}

/** Whether a service keeps messages: those share a volume. */
export const keepsContent = (service: ServiceName): boolean => 'RELAIS_BLOBS_KIND' in OWN[service]

export const NATS_CONFIGURATION = `
http: 8222
max_payload: 4MB
jetstream { store_dir: "/tmp/jetstream", sync_interval: always }
`

/** Accounts as `relais account import` reads them. */
export const csvOf = (accounts: Plan['tenants'][number]['accounts']): string =>
  [['address', 'password', 'name'], ...accounts.map((one) => [one.address, one.password, one.name ?? ''])]
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\n')
