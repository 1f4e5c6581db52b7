import { type DestinationStream, destination as fileDestination, type Logger as PinoLogger, pino } from 'pino'
import { activeTrace } from '../telemetry/spans.ts'
import { redact } from './redaction.ts'

export type LogFields = Readonly<Record<string, unknown>>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

type Entry = {
  (message: string): void
  (fields: LogFields, message: string): void
}

/**
 * Structured log, one line of JSON per entry. Messages are constant texts; what varies goes into fields, and only the
 * fields that `redaction.ts` allows are written.
 */
export interface Logger {
  readonly debug: Entry
  readonly info: Entry
  readonly warn: Entry
  readonly error: Entry
  /** A logger whose entries all carry these fields. */
  child(fields: LogFields): Logger
}

export type LoggerOptions = {
  readonly name: string
  readonly level?: LogLevel
  /** Where lines go; default: standard output. */
  readonly destination?: { write(line: string): void }
}

const timestamp = () => `,"time":"${new Date().toISOString()}"`

/** Joins a line to the trace that it was written in, by the names that OpenTelemetry gives them. pino writes into what it gets. */
const traceFields = (): Record<string, string> => {
  const trace = activeTrace()
  return trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId }
}

/** Makes the process's logger. Lines are written at once: a crash loses none. */
export const createLogger = ({ name, level = 'info', destination }: LoggerOptions): Logger =>
  wrapped(
    pino(
      {
        level,
        timestamp,
        base: { name },
        mixin: traceFields,
        formatters: { level: (label) => ({ level: label }), log: redact },
        serializers: { err: (value: unknown) => value },
      },
      (destination as DestinationStream | undefined) ?? fileDestination({ dest: 1, sync: true }),
    ),
  )

/** pino judges the fields of entries by `log`, and those of children by nothing. */
const wrapped = (logger: PinoLogger): Logger => ({
  debug: logger.debug.bind(logger),
  info: logger.info.bind(logger),
  warn: logger.warn.bind(logger),
  error: logger.error.bind(logger),
  child: (fields) => wrapped(logger.child(redact(fields))),
})
