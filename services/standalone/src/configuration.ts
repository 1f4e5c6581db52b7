import { isIP } from 'node:net'
import { telemetrySettings } from '@relais/service-kit'
import { z } from 'zod'

const port = (standard: number, description: string) =>
  z.int().min(0).max(65_535).default(standard).describe(description).meta({ placeholder: 'PORT' })
const file = (description: string) =>
  z.string().optional().describe(description).meta({ placeholder: 'FILE' })
const flag = (description: string) => z.boolean().default(false).describe(description)

/** Everything that can be set; names are those of the file, flags and variables follow from them. */
export const configurationSchema = z.object({
  data: z
    .string()
    .min(1)
    .default('data')
    .describe('Folder that holds everything.')
    .meta({ placeholder: 'FOLDER' }),
  expose: flag('Listen on all interfaces, over TLS, so that phones on this network reach it.'),
  host: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address')
    .optional()
    .describe(
      'Address on which every port listens, LMTP too, without TLS unless a certificate is given: in a container, or where nobody but a proxy gets through.',
    )
    .meta({ placeholder: 'ADDRESS' }),
  publicName: z
    .string()
    .regex(/^[\w.-]*$/, 'must be a host name')
    .default('')
    .describe('Host name by which phones reach this server from everywhere.')
    .meta({ placeholder: 'NAME' }),
  port: port(8080, 'Port for phones; 0 gives every listener that has no port of its own a free one.'),
  adminPort: port(8090, 'Port for administration (gRPC).'),
  lmtpPort: port(2424, 'Port for mail from the site’s own mail server (LMTP).'),
  smtpPort: port(2525, 'Port for mail from everywhere (SMTP).'),
  submissionPort: port(2587, 'Port for mail of the accounts’ own programs (submission).'),
  tls: z.object({
    certificate: file(
      'Certificate chain in PEM; read again when it changes. With --expose one is generated without it.',
    ),
    key: file('Its private key in PEM.'),
  }),
  trustedProxies: z
    .array(z.string())
    .default([])
    .describe('Addresses or networks of proxies whose X-Forwarded-For is believed.')
    .meta({ placeholder: 'LIST' }),
  trustedCertificates: file(
    'PEM of the authorities by which certificates of signed mail are believed; default: those that Node comes with.',
  ),
  smarthost: z
    .string()
    .refine(
      (text) => text === '' || /^smtps?:$/.test(URL.parse(text)?.protocol ?? ''),
      'must be smtp:// or smtps://HOST:PORT',
    )
    .default('')
    .describe('Server by which mail leaves, e.g. smtp://user:password@mail.example:587.')
    .meta({ placeholder: 'URL' }),
  passwordsInClear: flag(
    'With a host and without TLS: take passwords on the submission port all the same. For tests, and networks of one’s own.',
  ),
  maxMessageBytes: z
    .int()
    .min(1024)
    .default(52_428_800)
    .describe('Largest message, in bytes.')
    .meta({ placeholder: 'BYTES' }),
  maxRepeats: z
    .int()
    .min(0)
    .max(10_000)
    .default(60)
    .describe('The same request of one phone again and again, so often, slows it down; 0: never.')
    .meta({ placeholder: 'NUMBER' }),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What goes into the log.'),
  logFile: file('Where the log goes; -: standard output; default: log.jsonl in the data folder.'),
  telemetry: telemetrySettings,
  metricsPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port for /metrics (Prometheus), on this machine alone; without it no figures are kept.')
    .meta({ placeholder: 'PORT' }),
  graceSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(10)
    .describe('Time for answering phones that wait, and ending work, before it stops.'),
  ephemeral: flag('Temporary data, removed at the end.'),
  seed: file('JSON of tenants, accounts and mail to begin an empty data folder with, instead of the demo.'),
  withoutDemo: flag('Begin an empty data folder with nothing, instead of the demo.'),
  throwAway: flag('Hash the seed’s passwords cheaply: for data that is thrown away.'),
  readyFile: file('JSON with pid, addresses and an administrator’s token, written when everything answers.'),
})

export type Configuration = z.output<typeof configurationSchema>

const OWN_PORTS = ['adminPort', 'lmtpPort', 'smtpPort', 'submissionPort'] as const

/** `--port 0` means every listener, but for those whose ports were given. */
export const withFreePorts = <Settings extends Pick<Configuration, 'port' | (typeof OWN_PORTS)[number]>>(
  configuration: Settings,
  origins: Readonly<Record<string, string>>,
): Settings => {
  if (configuration.port !== 0) return configuration
  const free = OWN_PORTS.filter((name) => origins[name] === undefined).map((name) => [name, 0] as const)
  return { ...configuration, ...Object.fromEntries(free) }
}
