import { hash, randomBytes } from 'node:crypto'
import { openBlobs, openStorage, type PodProcess, readSecret, runPod } from '@relais/pod'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { serve } from '@relais/service-kit'
import { createDirectory } from './service.ts'
import { settings } from './settings.ts'

/** This service as a process of its own. */
export const run = (self: PodProcess): Promise<void> =>
  runPod(self, {
    name: 'directory',
    summary: 'Tenants, domains, accounts and sign-in, as a process of its own.',
    schema: settings,
    open: async (pod, configuration) => {
      const secret = readSecret(configuration.credentialKeyFile, 'credentialKeyFile')
      const credentialKey = hash('sha256', secret, 'buffer')
      const storage = await openStorage(pod, configuration)
      // Pictures alone are there: people sign in without.
      const blobs = await openBlobs(pod, configuration, { isNeeded: false })
      const { logger } = pod
      const directory = createDirectory({
        ...{ ...storage, blobs, credentialKey, logger },
        clock: Date.now,
        random: randomBytes,
      })
      await directory.start()
      pod.add({ name: 'service', stop: () => directory.stop() })
      return {
        services: [serve(DirectoryDefinition, directory.handlers)],
        callers: ['administration', 'device-sync', 'mail', 'mail-transport'],
        caughtUp: storage.caughtUp,
      }
    },
  })
