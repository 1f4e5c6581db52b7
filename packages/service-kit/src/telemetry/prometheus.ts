import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'
import { type GaugeName, type Labels, METRICS, type Metric } from './metric-table.ts'
import { type GaugeSource, type MetricSink, type Reading, sourcesOf } from './metrics.ts'
import { addProcessFigures } from './process-figures.ts'

/** The figures of this process as text. */
export type Exposition = { readonly contentType: string; text(): Promise<string> }

/** A source may ask the log: a scrape doesn't wait for one that hangs. */
const SOURCE_MS = 1_000

const registryOf = () => {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry
}

/** Counts everything of metric-table.ts, and what the process says of itself, as OpenMetrics 1.0. */
export const openMetrics = (): MetricSink & Exposition & { close(): void } => {
  const registry = registryOf()
  const counters = new Map<string, Counter>()
  const histograms = new Map<string, Histogram>()
  for (const [name, metric] of Object.entries<Metric>(METRICS)) {
    const common = { name, help: metric.help, labelNames: [...metric.labels], registers: [registry] }
    if (metric.kind === 'counter') counters.set(name, new Counter(common))
    else if (metric.kind === 'gauge') addGauge(registry, name as GaugeName, common)
    else
      histograms.set(name, new Histogram({ ...common, buckets: [...metric.buckets], enableExemplars: true }))
  }
  const process = addProcessFigures(registry)
  return {
    count: (name, labels, by) => counters.get(name)?.inc(labels, by),
    observe: (name, labels, seconds, traceId) =>
      histograms.get(name)?.observe({ labels, value: seconds, exemplarLabels: exemplarOf(traceId) }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => {
      process.close()
      registry.clear()
    },
  }
}

const NO_EXEMPLAR = {}

const exemplarOf = (traceId: string | undefined): Labels =>
  traceId === undefined ? NO_EXEMPLAR : { trace_id: traceId }

type Common = { readonly name: string; readonly help: string; readonly labelNames: string[] }

const addGauge = (registry: Registry<OpenMetricsContentType>, name: GaugeName, common: Common): void => {
  new Gauge({
    ...common,
    registers: [registry],
    async collect() {
      this.reset()
      if (common.labelNames.length === 0) this.remove() // no source, no value: 0 would be one
      for (const readings of await Promise.all(sourcesOf(name).map(readingsOf)))
        for (const { labels = {}, value } of readings) this.inc(labels, value)
    },
  })
}

const readingsOf = async (source: GaugeSource): Promise<readonly Reading[]> => {
  const { promise: late, resolve } = Promise.withResolvers<readonly Reading[]>()
  const timer = setTimeout(() => resolve([]), SOURCE_MS)
  try {
    return await Promise.race([source(), late])
  } catch {
    return [] // shown by its absence; what is wrong with the source is in the log of whoever owns it
  } finally {
    clearTimeout(timer)
  }
}
