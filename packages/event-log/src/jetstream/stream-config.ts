import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { RelaisError, terminal } from '@relais/service-kit/errors.ts'
import { ledgerName, ledgerSubjects } from './ledger.ts'
import { ALL_COMMITS, noticeSubjects } from './subjects.ts'

const STREAM_NOT_FOUND = 10059
const NAME_IN_USE = 10058

export type LogStream = {
  readonly name: string
  readonly replicas: number
  /** Absent: every tenant's. */
  readonly subjects: readonly string[]
}

type Wanted = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[] }

const KEEP_ALL = {
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // A full stream refuses; it never makes room by dropping what it has.
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs: -1,
  max_bytes: -1,
  deny_delete: false,
  deny_purge: false,
} as const

const logConfig = ({ name, replicas, subjects }: LogStream): Wanted => ({
  ...KEEP_ALL,
  name,
  subjects: [...subjects],
  num_replicas: replicas,
  max_msgs_per_subject: -1,
  allow_direct: true,
  republish: { src: ALL_COMMITS, dest: noticeSubjects(name), headers_only: true },
})

const ledgerConfig = ({ name, replicas }: LogStream): Wanted => ({
  ...KEEP_ALL,
  name: ledgerName(name),
  subjects: [ledgerSubjects(name)],
  num_replicas: replicas,
  discard: DiscardPolicy.Old,
  max_msgs_per_subject: 1,
})

/** Makes a log's streams where there are none. Errors: LOG_SERVER_UNFIT (terminal) where one is there and set to something else. */
export const ensureStreams = async (manager: JetStreamManager, log: LogStream): Promise<void> => {
  for (const wanted of [ledgerConfig(log), logConfig(log)]) {
    requireSame(wanted, (await found(manager, wanted.name)) ?? (await made(manager, wanted)))
  }
}

const errorCode = (error: unknown) => (error instanceof JetStreamApiError ? error.code : undefined)

const found = async (manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> => {
  try {
    return (await manager.streams.info(name)).config
  } catch (error) {
    if (errorCode(error) === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

const made = async (manager: JetStreamManager, wanted: Wanted): Promise<StreamConfig> => {
  try {
    return (await manager.streams.add(wanted)).config
  } catch (error) {
    // Another process was first.
    const there = errorCode(error) === NAME_IN_USE ? await found(manager, wanted.name) : undefined
    if (there) return there
    throw error
  }
}

const CHECKED = [
  'retention',
  'storage',
  'discard',
  'max_age',
  'max_msgs',
  'max_bytes',
  'max_msgs_per_subject',
  'deny_delete',
  'num_replicas',
  'allow_direct',
  'republish',
] as const

const requireSame = (wanted: Wanted, there: StreamConfig) => {
  for (const field of CHECKED) {
    if (wanted[field] === undefined) continue
    const [ours, theirs] = [JSON.stringify(wanted[field]), JSON.stringify(there[field])]
    if (ours === theirs) continue
    throw terminal(
      'LOG_SERVER_UNFIT',
      `the stream ${wanted.name} has ${field} ${theirs}, the event log needs ${ours}`,
    )
  }
}

/** The account has another stream with the same subjects. */
const SUBJECTS_OVERLAP = 10065

/** Adds subjects to a log's stream. Errors: TENANT_PLACED_ELSEWHERE (terminal). */
export const addSubjects = async (
  manager: JetStreamManager,
  name: string,
  subject: string,
): Promise<void> => {
  const { config } = await manager.streams.info(name)
  if (config.subjects.includes(subject)) return
  try {
    await manager.streams.update(name, { subjects: [...config.subjects, subject] })
  } catch (error) {
    if (errorCode(error) !== SUBJECTS_OVERLAP) throw error
    throw new RelaisError('TENANT_PLACED_ELSEWHERE', 'another placement unit has this tenant', false)
  }
}
