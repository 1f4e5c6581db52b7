import { blobSettings, peer, podSettings, storageSettings } from '@relais/pod'
import { z } from 'zod'

/** What the service's process is told. */
export const settings = podSettings
  .extend(storageSettings.shape)
  .extend(blobSettings.shape)
  .extend({
    peers: z.object({ directory: peer('directory') }),
    searchFolder: z
      .string()
      .min(1)
      .default('search')
      .describe(
        'Folder of this process alone for the words of messages; built from the log where it is empty.',
      )
      .meta({ placeholder: 'FOLDER' }),
    maxMessageBytes: z
      .int()
      .min(1024)
      .default(52_428_800)
      .describe('Largest message, in bytes.')
      .meta({ placeholder: 'BYTES' }),
  })
