type Counter = { readonly kind: 'counter'; readonly help: string; readonly labels: readonly string[] }
type Gauge = { readonly kind: 'gauge'; readonly help: string; readonly labels: readonly string[] }
type Histogram = {
  readonly kind: 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds in seconds. */
  readonly buckets: readonly number[]
}

export type Metric = Counter | Gauge | Histogram

/** Seconds: from an answer out of memory to a phone's patience. */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30]

const counter = (help: string, ...labels: string[]) => ({ kind: 'counter', help, labels }) as const
const gauge = (help: string, ...labels: string[]) => ({ kind: 'gauge', help, labels }) as const
const seconds = (help: string, ...labels: string[]) =>
  ({ kind: 'histogram', help, labels, buckets: LATENCY }) as const

/**
 * Everything that is measured (architecture.md 10). Labels have few values, all of them ours: names of services, methods, commands,
 * codes. Never a tenant, an account or a device: there are too many of them, and they are nobody else's business.
 */
export const METRICS = {
  relais_append_to_woken_seconds: seconds(
    'From the append of a commit to the answer of a held request that it woke.',
  ),
  relais_append_to_visible_seconds: seconds('From the append of a commit to its rows being there.', 'model'),
  relais_append_seconds: seconds('Appending a commit, until it is durable.', 'service'),
  relais_append_conflicts: counter('Appends refused because another commit came first.', 'service'),
  relais_held_requests: gauge('Requests of phones that wait.'),
  relais_held_request_bytes: gauge(
    'Memory for each request that waits: the growth of the resident set since none waited, divided by their number.',
  ),
  relais_wakes: counter('Held requests that ended, by why.', 'reason'),
  relais_syncs: counter('Syncs answered; hop: whether another service was asked.', 'hop'),
  relais_eas_request_seconds: seconds(
    'Work on a request of a phone; the time in which it is held is not in it.',
    ...['command', 'http_status', 'code'],
  ),
  relais_devices_slowed: counter('Phones that looped and were slowed down, by why.', 'reason'),
  relais_rpc_seconds: seconds('Calls served, by method and code.', 'method', 'code'),
  relais_deliveries: counter(
    'Recipients of incoming messages, by protocol and outcome.',
    'protocol',
    'outcome',
  ),
  relais_delivery_seconds: seconds('From the end of the envelope to the answer for the message.', 'protocol'),
  relais_outbound_queue: gauge('Recipients that wait in the outbound queue.'),
  relais_projection_lag_positions: gauge('Positions between the head of the log and the rows.', 'model'),
  relais_projected_commits: counter('Commits made into rows; phase: live or rebuild.', 'model', 'phase'),
  relais_spans_lost: counter('Spans that could not be given to the collector.'),
} as const satisfies Readonly<Record<string, Metric>>

type Named<Kind extends Metric['kind']> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[keyof typeof METRICS]

export type CounterName = Named<'counter'>
export type GaugeName = Named<'gauge'>
export type HistogramName = Named<'histogram'>
export type Labels = Readonly<Record<string, string>>
