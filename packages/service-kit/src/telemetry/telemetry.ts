import type { Component } from '../lifecycle/component.ts'
import type { Logger } from '../logging/logger.ts'
import { count, useMetrics } from './metrics.ts'
import type { Exposition } from './prometheus.ts'
import type { TelemetrySettings } from './settings.ts'
import { useTracer } from './spans.ts'

export type TelemetryOptions = TelemetrySettings & {
  /** Of the process: the name of the service that it is. */
  readonly service: string
  readonly version: string
  /** Whether figures are kept, because somebody can ask for them. */
  readonly metrics: boolean
  readonly logger: Logger
}

/** The traces and figures of this process, until it is stopped. */
export type Telemetry = Component & {
  /** Undefined: none are kept. */
  readonly exposition: Exposition | undefined
}

/** Begins to record. What isn't asked for isn't loaded: it costs neither memory nor time. */
export const startTelemetry = async (options: TelemetryOptions): Promise<Telemetry> => {
  const metrics = options.metrics ? await startMetrics() : undefined
  const endTraces = options.endpoint === '' ? undefined : await startTraces(options)
  return {
    name: 'telemetry',
    exposition: metrics,
    stop: async () => {
      await endTraces?.()
      useMetrics(undefined)
      metrics?.close()
    },
  }
}

const startMetrics = async () => {
  const { openMetrics } = await import('./prometheus.ts')
  const metrics = openMetrics()
  useMetrics(metrics)
  return metrics
}

const startTraces = async ({ logger, ...options }: TelemetryOptions): Promise<() => Promise<void>> => {
  const { openTelemetryTracer } = await import('./open-telemetry.ts')
  const tracer = openTelemetryTracer({ ...options, onExport: exportsTold(logger) })
  useTracer(tracer)
  return async () => {
    useTracer(undefined)
    await tracer.close().catch(() => undefined) // a collector that is gone doesn't keep the process from ending
  }
}

/** Says once that the collector is gone, and once that it is back. */
const exportsTold = (logger: Logger) => {
  const component = 'the collector'
  let lost = false
  return (outcome: 'given' | 'lost', spans: number): void => {
    if (outcome === 'lost') count('relais_spans_lost', {}, spans)
    if (outcome === 'lost' && !lost)
      logger.warn({ component, count: spans }, 'takes no traces; they are dropped')
    if (outcome === 'given' && lost) logger.info({ component }, 'takes traces again')
    lost = outcome === 'lost'
  }
}
