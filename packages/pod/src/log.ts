import type { EventLog } from '@relais/event-log'
import { describeError, type Logger } from '@relais/service-kit'
import type { StorageConfiguration } from './configuration.ts'
import type { Pod } from './pod.ts'
import { postgresConnection } from './postgres-url.ts'
import { readCa } from './secret-file.ts'

/** Opens the event log that the configuration names, and asks from then on whether it is there. */
export const openLog = async (pod: Pod, configuration: StorageConfiguration): Promise<EventLog> => {
  const log = await pod.untilThere('the event log', () => opened(configuration, pod.logger))
  pod.add({ name: 'log', stop: () => log.close() })
  await pod.dependOn('the event log', () => log.head({ tenant: NO_TENANT }))
  return log
}

/** Asked for to see whether the log answers. */
const NO_TENANT = 'probe'

const opened = ({ log }: StorageConfiguration, logger: Logger): Promise<EventLog> =>
  log.kind === 'jetstream' ? openJetStream(log, logger) : openPostgres(log, logger)

// What isn't configured isn't loaded: it would cost memory in each process.

const openPostgres = async (
  { url, stream, allowUnsynced, caFile }: StorageConfiguration['log'],
  logger: Logger,
): Promise<EventLog> => {
  const { openPostgresLog } = await import('@relais/event-log/postgres/postgres-log.ts')
  return openPostgresLog({
    connection: postgresConnection(url, readCa(caFile, 'log.caFile')),
    schema: `log_${stream.toLowerCase().replaceAll('-', '_')}`,
    allowUnsynced,
    onFault: fault(logger),
  })
}

const openJetStream = async (
  { url, caFile, credentialsFile, ...rest }: StorageConfiguration['log'],
  logger: Logger,
): Promise<EventLog> => {
  const { openJetStreamLog } = await import('@relais/event-log/jetstream/jetstream-log.ts')
  const { stream, replicas, monitoring, allowUnsynced } = rest
  const ca = readCa(caFile, 'log.caFile')
  return openJetStreamLog({
    servers: url.split(','),
    ...{ stream, replicas, monitoring, allowUnsynced, credentialsFile },
    ...(ca === undefined ? {} : { tls: { ca } }),
    onAlarm: ({ kind, position }) =>
      logger.error({ component: 'the event log', kind, position }, 'the log is damaged'),
    onFault: fault(logger),
  })
}

const fault = (logger: Logger) => (error: Error) =>
  logger.warn({ component: 'the event log', ...describeError(error) }, 'something failed; trying again')
