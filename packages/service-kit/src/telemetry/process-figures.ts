import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client'

/** Milliseconds between looks at the event loop: each costs a few microseconds. */
const RESOLUTION = 20

/**
 * What the process says of itself, by the names that dashboards for Node know: processor, memory, event-loop delay since the last
 * scrape. Collections of garbage aren't watched: an observer of them costs a percent of a busy process.
 */
export const addProcessFigures = (registry: Registry<OpenMetricsContentType>): { close(): void } => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(read())
      },
    })
  const cpu = new Counter({
    ...{ name: 'process_cpu_seconds', help: 'Processor time of the process.', registers: [registry] },
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  cpu.inc(0)
  const startedAt = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', 'When it began, since 1970.', () => startedAt)
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_eventloop_lag_p50_seconds', 'Event-loop delay, median.', () => seconds(delay.percentile(50)))
  gauge('nodejs_eventloop_lag_p99_seconds', 'Event-loop delay, 99th percentile.', () =>
    seconds(delay.percentile(99)),
  )
  gauge('nodejs_eventloop_lag_max_seconds', 'Event-loop delay, most.', () => {
    const most = seconds(delay.max)
    delay.reset()
    return most
  })
  return { close: () => void delay.disable() }
}

/** What Node tells in nanoseconds includes the time between two looks. */
const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000)
