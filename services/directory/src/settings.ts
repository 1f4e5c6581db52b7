import { blobSettings, file, podSettings, storageSettings } from '@relais/pod'

/** What the service's process is told. */
export const settings = podSettings
  .extend(storageSettings.shape)
  .extend(blobSettings.shape)
  .extend({
    credentialKeyFile: file(
      'Secret of at least 32 characters: remembered credentials are worthless without it.',
    ),
  })
