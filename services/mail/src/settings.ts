import { blobSettings, peer, podSettings, storageSettings } from '@relais/pod'
import { z } from 'zod'

/** What the service's process is told. */
export const settings = podSettings
  .extend(storageSettings.shape)
  .extend(blobSettings.shape)
  .extend({
    peers: z.object({ directory: peer('directory') }),
    maxMessageBytes: z
      .int()
      .min(1024)
      .default(52_428_800)
      .describe('Largest message, in bytes.')
      .meta({ placeholder: 'BYTES' }),
  })
