import type { CounterName, GaugeName, HistogramName, Labels } from './metric-table.ts'
import { activeTrace } from './spans.ts'

/** One reading of a gauge. */
export type Reading = { readonly labels?: Labels; readonly value: number }

/** Asked at each scrape. What it rejects with is not shown; the others are. */
export type GaugeSource = () => readonly Reading[] | Promise<readonly Reading[]>

/** What keeps the figures of this process. */
export interface MetricSink {
  count(name: CounterName, labels: Labels, by: number): void
  observe(name: HistogramName, labels: Labels, seconds: number, traceId: string | undefined): void
}

let sink: MetricSink | undefined
const sources = new Map<GaugeName, Set<GaugeSource>>()

/** From now on everything is counted by it; undefined: nothing is, which costs nothing. */
export const useMetrics = (next: MetricSink | undefined): void => {
  sink = next
}

/** Whether somebody counts: for what would cost something only to be measured. */
export const isMeasuring = (): boolean => sink !== undefined

export const count = (name: CounterName, labels: Labels = {}, by = 1): void => sink?.count(name, labels, by)

/** `traceId`: of the trace that it happened in; default: that of what is being done. */
export const observe = (
  name: HistogramName,
  labels: Labels,
  { seconds, traceId }: { readonly seconds: number; readonly traceId?: string | undefined },
): void => sink?.observe(name, labels, Math.max(0, seconds), traceId ?? activeTrace()?.traceId)

/** Adds a source of readings; those of all sources with the same labels are summed. */
export const gauge = (name: GaugeName, source: GaugeSource): { close(): void } => {
  const of = sources.get(name) ?? new Set()
  sources.set(name, of.add(source))
  return { close: () => void of.delete(source) }
}

export const sourcesOf = (name: GaugeName): readonly GaugeSource[] => [...(sources.get(name) ?? [])]

/** Seconds since a moment that `performance.now()` told. */
export const secondsSince = (start: number): number => (performance.now() - start) / 1000
