import { z } from 'zod'

const MAX_URL = 2_000

/** What every process is told about its traces: a group of its configuration. */
export const telemetrySettings = z.object({
  endpoint: z
    .string()
    .max(MAX_URL)
    .refine(
      (text) => text === '' || /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
      'must be http(s)://HOST:PORT',
    )
    .default('')
    .describe('Collector that takes traces by OTLP over HTTP, e.g. http://127.0.0.1:4318; empty: no traces.')
    .meta({ placeholder: 'URL' }),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe(
      'Part of the requests whose traces are recorded, from 0 to 1; a trace is recorded whole or not at all.',
    )
    .meta({ placeholder: 'NUMBER' }),
})

export type TelemetrySettings = z.output<typeof telemetrySettings>
