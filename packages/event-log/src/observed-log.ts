import { count, isMeasuring, observe, secondsSince } from '@relais/service-kit/telemetry/metrics.ts'
import { inSpan, type Span } from '@relais/service-kit/telemetry/spans.ts'
import { type Appended, ConflictError, type EventLog, type NewCommit } from './port.ts'

/**
 * The same log, whose appends are spans of their command's trace and are measured. What is stored names the append's span, so that
 * whatever the commit causes (rows, notices, reactions) is in the same trace.
 */
export const observedLog = (log: EventLog): EventLog => ({
  append: (commit) => append(log, commit),
  read: (filter, after, options) => log.read(filter, after, options),
  follow: (filter, after, options) => log.follow(filter, after, options),
  head: (filter, options) => log.head(filter, options),
  notices: (filter, listener) => log.notices(filter, listener),
  purge: (tenant, account) => log.purge(tenant, account),
  close: () => log.close(),
})

const append = (log: EventLog, commit: NewCommit): Promise<Appended> =>
  inSpan(
    'append',
    { kind: 'producer', parent: commit.traceparent || undefined, attributes: attributesOf(commit) },
    (span) => (isMeasuring() ? measured(log, commit, span) : traced(log, commit, span)),
  )

const attributesOf = ({ stream, events }: NewCommit) => ({
  'relais.service': stream.service,
  'relais.tenant': stream.tenant,
  'relais.events': events.length,
})

const traced = async (log: EventLog, commit: NewCommit, span: Span): Promise<Appended> => {
  if (span.traceparent === '') return log.append(commit)
  const appended = await log.append({ ...commit, traceparent: span.traceparent })
  span.set({ 'relais.position': appended.position })
  return appended
}

const measured = async (log: EventLog, commit: NewCommit, span: Span): Promise<Appended> => {
  const { service } = commit.stream
  const start = performance.now()
  try {
    return await traced(log, commit, span)
  } catch (error) {
    if (error instanceof ConflictError) count('relais_append_conflicts', { service })
    throw error
  } finally {
    observe('relais_append_seconds', { service }, { seconds: secondsSince(start) })
  }
}
