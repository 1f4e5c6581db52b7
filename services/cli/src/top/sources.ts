import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/** A process whose figures can be read. */
export type Source = { readonly name: string; readonly url: string }

const MAX_SOURCES = 200

/** Those that are given, or those that a Relais of this machine tells of in its data folder. Errors: {@link UsageError}. */
export const sourcesOf = (urls: readonly string[], data: string): readonly Source[] => {
  const sources = urls.length > 0 ? urls.map(given) : running(data)
  if (sources.length === 0)
    throw new UsageError('its figures are off: start it with --metrics-port, or give the URL of its /metrics')
  return sources.slice(0, MAX_SOURCES)
}

const given = (text: string): Source => {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`${text} isn't a URL such as http://127.0.0.1:7480/metrics`)
  if (url.pathname === '/') url.pathname = '/metrics'
  return { name: url.host, url: url.href }
}

type Running = {
  readonly metrics?: unknown
  readonly processes?: readonly { readonly name?: unknown; readonly health?: unknown }[]
}

const running = (data: string): readonly Source[] => {
  const { metrics, processes = [] } = readRunning(join(data, 'running.json'))
  if (typeof metrics === 'string') return [{ ...given(metrics), name: 'relais' }]
  return processes.map(({ name, health }) => ({ ...given(String(health)), name: String(name) }))
}

const readRunning = (file: string): Running => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} doesn't say where Relais runs: give --data, or the URL of its /metrics`, {
      cause: error,
    })
  }
}
