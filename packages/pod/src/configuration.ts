import { telemetrySettings } from '@relais/service-kit'
import { z } from 'zod'

const text = (description: string, placeholder: string) =>
  z.string().optional().describe(description).meta({ placeholder })

/** A port that a pod listens on; 0: any free one. */
export const port = (standard: number, description: string) =>
  z.int().min(0).max(65_535).default(standard).describe(description).meta({ placeholder: 'PORT' })

/** The address of a peer. */
export const peer = (service: string) =>
  z
    .string()
    .regex(/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i, 'must be HOST:PORT')
    .describe(`Where ${service} serves (gRPC).`)
    .meta({ placeholder: 'HOST:PORT' })

export const file = (description: string) =>
  z.string().min(1).describe(description).meta({ placeholder: 'FILE' })

/** What every service's pod is told; names are those of the file, flags and variables follow from them. */
export const podSettings = z.object({
  host: z.string().default('::').describe('Address to listen on.').meta({ placeholder: 'ADDRESS' }),
  grpcPort: port(7400, 'Port for the other services (gRPC, mutual TLS).'),
  healthPort: port(7480, 'Port for /livez, /readyz, /startupz and /metrics (HTTP).'),
  telemetry: telemetrySettings,
  tls: z.object({
    certificate: file('Own certificate chain in PEM, which names the service; read again when it changes.'),
    key: file('Its private key in PEM.'),
    ca: file('Certificates in PEM of the authority that the services’ certificates come from.'),
  }),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What goes into the log, which is standard output.'),
  graceSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(20)
    .describe('Time for answering requests that wait, and ending work, before it stops.'),
  unreadySeconds: z
    .number()
    .min(0)
    .max(60)
    .default(2)
    .describe('Time between saying that it isn’t ready and draining, in which a balancer looks elsewhere.'),
  readyFile: text('JSON with pid and addresses, written when it is ready for the first time.', 'FILE'),
})

/** What a pod that keeps something is told besides. */
export const storageSettings = z.object({
  log: z.object({
    kind: z.enum(['jetstream', 'postgres']).describe('What keeps the event log.'),
    url: z
      .string()
      .min(1)
      .describe(
        'Where it is: nats://HOST:PORT, several with commas between, or postgres://USER@HOST/DATABASE.',
      )
      .meta({ placeholder: 'URL' }),
    stream: z
      .string()
      .regex(/^[\w-]+$/, 'must be letters, digits, - and _')
      .default('relais')
      .describe('The placement unit: JetStream’s stream, or part of the name of PostgreSQL’s schema.')
      .meta({ placeholder: 'NAME' }),
    caFile: text(
      'Certificates in PEM of whom its servers’ certificates come from; with it only TLS is spoken.',
      'FILE',
    ),
    credentialsFile: text('Credentials file of NATS: what this service may read and write.', 'FILE'),
    replicas: z
      .int()
      .min(1)
      .max(5)
      .default(3)
      .describe('Copies that JetStream keeps of each commit.')
      .meta({ placeholder: 'NUMBER' }),
    monitoring: z
      .array(z.string())
      .default([])
      .describe(
        'URLs of the NATS servers’ monitoring, each server’s: there they say whether they sync each write.',
      )
      .meta({ placeholder: 'LIST' }),
    allowUnsynced: z
      .boolean()
      .default(false)
      .describe('Take servers that may lose acknowledged commits with the power.'),
  }),
  rows: z.object({
    url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must be postgres://…')
      .describe('PostgreSQL that keeps the rows: postgres://USER@HOST/DATABASE.')
      .meta({ placeholder: 'URL' }),
    caFile: text(
      'Certificates in PEM of whom its certificate comes from; with it only TLS is spoken.',
      'FILE',
    ),
  }),
})

/** What a pod that keeps content is told besides. */
export const blobSettings = z.object({
  blobs: z.object({
    kind: z.enum(['file', 's3']).describe('What keeps messages and attachments.'),
    folder: text('Folder of all services, for the kind "file".', 'FOLDER'),
    endpoint: text('URL of the S3 server, for the kind "s3".', 'URL'),
    caFile: text(
      'Certificates in PEM of whom its certificate comes from; default: those that Node knows.',
      'FILE',
    ),
    bucket: text('Its bucket.', 'NAME'),
    region: z.string().default('us-east-1').describe('Its region.').meta({ placeholder: 'NAME' }),
    accessKey: text('Its access key.', 'KEY'),
    secretKey: text('Its secret key.', 'KEY'),
  }),
})

export type PodConfiguration = z.output<typeof podSettings>
export type StorageConfiguration = z.output<typeof storageSettings>
export type BlobConfiguration = z.output<typeof blobSettings>
