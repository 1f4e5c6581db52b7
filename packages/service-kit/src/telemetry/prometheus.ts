import { Gauge, type OpenMetricsContentType, type Metric as PromMetric, Registry } from 'prom-client'
import { type GaugeName, METRICS, type Metric } from './metric-table.ts'
import { type GaugeSource, type MetricSink, type Reading, sourcesOf } from './metrics.ts'
import { addProcessFigures } from './process-figures.ts'
import { CounterSeries, HistogramSeries } from './series.ts'

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
  const counters = new Map<string, CounterSeries>()
  const histograms = new Map<string, HistogramSeries>()
  const add = <Series extends object>(series: Series): Series => {
    registry.registerMetric(series as unknown as PromMetric)
    return series
  }
  for (const [name, metric] of Object.entries<Metric>(METRICS)) {
    const common = { name, help: metric.help, labels: metric.labels }
    if (metric.kind === 'counter') counters.set(name, add(new CounterSeries(common)))
    else if (metric.kind === 'gauge') addGauge(registry, name as GaugeName, metric)
    else histograms.set(name, add(new HistogramSeries({ ...common, bounds: metric.buckets })))
  }
  const process = addProcessFigures(registry)
  return {
    count: (name, labels, by) => counters.get(name)?.add(labels, by),
    observe: (name, labels, seconds, traceId) => histograms.get(name)?.observe(labels, seconds, traceId),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => {
      process.close()
      registry.clear()
    },
  }
}

const addGauge = (
  registry: Registry<OpenMetricsContentType>,
  name: GaugeName,
  { help, labels }: Metric,
): void => {
  new Gauge({
    ...{ name, help, labelNames: [...labels] },
    registers: [registry],
    async collect() {
      this.reset()
      if (labels.length === 0) this.remove() // no source, no value: 0 would be one
      for (const readings of await Promise.all(sourcesOf(name).map(readingsOf)))
        for (const reading of readings) this.inc(reading.labels ?? {}, reading.value)
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
