import { readFile } from 'node:fs/promises'
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type TlsOptions,
} from '@nats-io/transport-node'
import { terminal } from '@relais/service-kit/errors.ts'
import { MAX_COMMIT_BYTES } from '../port.ts'
import { Dialing } from './dialing.ts'
import { patiently, unavailable } from './patience.ts'

/** How servers are reached, and what they must be set to. */
export type ServerOptions = {
  /** nats://HOST:PORT or tls://HOST:PORT, any of the cluster's. */
  readonly servers: readonly string[]
  /** Path of a credentials file. */
  readonly credentialsFile?: string
  readonly user?: string
  readonly password?: string
  readonly tls?: TlsOptions
  /** Base URLs of the servers' HTTP monitoring, each server's: that is where they tell whether they sync each write. */
  readonly monitoring?: readonly string[]
  /** True: also servers that lose acknowledged commits with the power, or that don't tell. Default: false. */
  readonly allowUnsynced?: boolean
  /** Milliseconds within which a call is answered, with an error at the latest (and a fifth for the last try). Default: 10,000. */
  readonly deadline?: number
}

/** Batches of direct reads, and expected positions that hold while a leader changes. */
const OLDEST_SERVER = [2, 11] as const

/** Beside the longest record a message has its headers. */
const MIN_PAYLOAD = MAX_COMMIT_BYTES + 64 * 1024

const CONNECT_MS = 5000
const PING_MS = 5000
const DEADLINE_MS = 10_000

/**
 * Connects, and stays connected: what was cut off is tried again for ever, with jitter.
 * Errors: LOG_SERVER_UNFIT (terminal) names the setting; LogUnavailableError where no server answers.
 */
export const connectServers = async (options: ServerOptions): Promise<NatsConnection> => {
  const connection = await reach(options)
  try {
    requireVersion(connection.info?.version ?? '')
    requirePayload(connection.info?.max_payload ?? 0)
    await requireSync(options)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

const reach = async (options: ServerOptions): Promise<NatsConnection> => {
  const { servers, user, password, tls } = options
  const authenticator = await credentials(options)
  const dialing = new Dialing()
  try {
    return await connect({
      servers: [...servers],
      ...(user !== undefined && { user, pass: password ?? '' }),
      ...(authenticator && { authenticator }),
      ...(tls && { tls }),
      name: 'relais event log',
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => Number.NEGATIVE_INFINITY, // by the wall clock: never
      reconnectToServer: (known) => dialing.next(known),
      noAsyncTraces: true,
    })
  } catch (error) {
    throw unavailable('reach a NATS server', error)
  }
}

const credentials = async ({ credentialsFile }: ServerOptions): Promise<Authenticator | undefined> =>
  credentialsFile === undefined ? undefined : credsAuthenticator(await readFile(credentialsFile))

const unfit = (reason: string) => terminal('LOG_SERVER_UNFIT', reason)

export const requireVersion = (version: string) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_SERVER
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw unfit(`a NATS server has version ${version}, the event log needs ${OLDEST_SERVER.join('.')} or newer`)
}

const requirePayload = (bytes: number) => {
  if (bytes >= MIN_PAYLOAD) return
  throw unfit(`max_payload of the NATS server is ${bytes}, the event log needs ${MIN_PAYLOAD} bytes or more`)
}

/** The part of /varz that is looked at. */
type Varz = {
  readonly version?: string
  readonly server_name?: string
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } }
}

/** A server that starts answers before it has looked at its streams, and tells nothing of them yet. */
const tells = ({ jetstream }: Varz): boolean => jetstream?.config !== undefined

const HOW_TO_TELL = "name the servers' HTTP addresses in `monitoring`, or set `allowUnsynced`"

const requireSync = async ({
  monitoring = [],
  allowUnsynced = false,
  deadline = DEADLINE_MS,
}: ServerOptions) => {
  if (allowUnsynced) return
  if (monitoring.length === 0)
    throw unfit(`whether the NATS servers have sync_interval: always can't be seen: ${HOW_TO_TELL}`)
  await patiently(() => lookForSync(monitoring), {
    doing: 'see whether writes are synced',
    deadline: performance.now() + deadline,
    closed: new AbortController().signal,
  })
}

/** One server that doesn't answer may be down, one that doesn't tell may be starting; the others tell. Errors: to be tried again where none does. */
const lookForSync = async (monitoring: readonly string[]) => {
  const answers = await Promise.allSettled(monitoring.map(varzOf))
  const told = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value)
  for (const varz of told.filter(tells)) requireSynced(varz)
  if (told.some(tells)) return
  if (told.length > 0) throw new Error('no NATS server has JetStream running')
  throw new Error(`none of ${monitoring.join(', ')} answers: ${HOW_TO_TELL}`)
}

const varzOf = async (base: string): Promise<Varz> => {
  const response = await fetch(new URL('/varz', base), { signal: AbortSignal.timeout(CONNECT_MS) })
  return (await response.json()) as Varz
}

export const requireSynced = ({ version = '', server_name: name = '', jetstream }: Varz) => {
  requireVersion(version)
  if (jetstream?.config?.sync_always === true) return
  throw unfit(
    `the NATS server ${name} doesn't sync each write: set sync_interval: always in its jetstream block, or \`allowUnsynced\``,
  )
}
