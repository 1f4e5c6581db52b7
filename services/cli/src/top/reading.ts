import { type MetricFamily, parseOpenMetrics } from '@relais/service-kit/telemetry/open-metrics-text.ts'

/** Time that something took, all in all. */
export type Taken = { readonly count: number; readonly seconds: number }

/** What a process said of itself at one moment. */
export type Reading = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly held: number
  readonly wakes: number
  readonly syncs: number
  /** Positions, of the model that is furthest behind. */
  readonly lag: number
  readonly cpuSeconds: number
  readonly residentBytes: number
  /** Of calls served and phones' commands, by name. */
  readonly taken: ReadonlyMap<string, Taken>
}

/** Reads a process's figures. Errors: METRICS_INVALID. */
export const readingOf = (text: string, at: number): Reading => {
  const families = new Map(parseOpenMetrics(text).map((family) => [family.name, family]))
  const values = (name: string) => (families.get(name)?.samples ?? []).map(({ value }) => value)
  const sum = (name: string) => values(name).reduce((total, value) => total + value, 0)
  return {
    at,
    held: sum('relais_held_requests'),
    wakes: sum('relais_wakes'),
    syncs: sum('relais_syncs'),
    lag: Math.max(0, ...values('relais_projection_lag_positions')),
    cpuSeconds: sum('process_cpu_seconds'),
    residentBytes: sum('process_resident_memory_bytes'),
    taken: new Map([
      ...takenIn(families.get('relais_rpc_seconds'), 'method'),
      ...takenIn(families.get('relais_eas_request_seconds'), 'command'),
    ]),
  }
}

const takenIn = (family: MetricFamily | undefined, label: string): Map<string, Taken> => {
  const taken = new Map<string, Taken>()
  for (const { name, labels, value } of family?.samples ?? []) {
    const of = labels[label] ?? ''
    const { count, seconds } = taken.get(of) ?? { count: 0, seconds: 0 }
    if (name.endsWith('_count')) taken.set(of, { count: count + value, seconds })
    if (name.endsWith('_sum')) taken.set(of, { count, seconds: seconds + value })
  }
  return taken
}
