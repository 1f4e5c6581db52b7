import { configurationSchema } from '@relais/standalone/configuration.ts'
import { z } from 'zod'

const { port, adminPort, lmtpPort, smtpPort, submissionPort, smarthost, maxMessageBytes, maxRepeats } =
  configurationSchema.shape
const { logLevel, telemetry, graceSeconds, ephemeral, seed, throwAway, readyFile } = configurationSchema.shape

/** The same names as `npm start` has, as far as they make sense for many processes on one machine. */
export const clusterSchema = z.object({
  data: z
    .string()
    .min(1)
    .default('data-cluster')
    .describe('Folder that holds the data of all servers.')
    .meta({ placeholder: 'FOLDER' }),
  log: z
    .enum(['jetstream', 'postgres'])
    .default('jetstream')
    .describe(
      'What keeps the event log: three NATS servers, or PostgreSQL, which keeps the rows in any case.',
    ),
  deviceSyncs: z
    .int()
    .min(1)
    .max(32)
    .default(2)
    .describe('Processes that phones are shared between.')
    .meta({ placeholder: 'NUMBER' }),
  ...{ port, adminPort, lmtpPort, smtpPort, submissionPort, smarthost, maxMessageBytes, maxRepeats },
  ...{ logLevel, telemetry, graceSeconds: graceSeconds.default(6), ephemeral, seed, throwAway, readyFile },
})

export type ClusterConfiguration = z.output<typeof clusterSchema>
