import { createLogger, type LogLevel } from '@relais/service-kit'

/** A logger whose entries a test can read. */
export const recordingLogger = (level: LogLevel = 'info') => {
  const lines: string[] = []
  const logger = createLogger({ name: 'test', level, destination: { write: (line) => lines.push(line) } })
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { logger, entries, lines }
}
