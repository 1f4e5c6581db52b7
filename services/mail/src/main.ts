import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { blobSettings, openBlobs, openStorage, peer, podSettings, runPod, storageSettings } from '@relais/pod'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { openSqliteStore } from '@relais/read-store'
import { serve } from '@relais/service-kit'
import { z } from 'zod'
import { SEARCH_STORE } from './search/schema.ts'
import { createMail } from './service.ts'

enableCompileCache()
await runPod(process, {
  name: 'mail',
  summary: 'Mailboxes and messages, as a process of its own: one for each placement unit.',
  schema: podSettings
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
    }),
  open: async (pod, configuration) => {
    const directory = await pod.peer('directory', DirectoryDefinition, configuration.peers.directory)
    const storage = await openStorage(pod, configuration)
    const blobs = await openBlobs(pod, configuration)
    const { logger } = pod
    const { searchFolder } = configuration
    const openStore: typeof storage.openStore = (definition) =>
      definition.name === SEARCH_STORE.name
        ? openSqliteStore({ ...definition, file: join(searchFolder, `${definition.name}.sqlite`) })
        : storage.openStore(definition)
    mkdirSync(searchFolder, { recursive: true, mode: 0o700 })
    const mail = createMail({
      ...{ ...storage, openStore, blobs, directory, logger },
      clock: Date.now,
      ids: randomUUID,
      limits: { messageBytes: configuration.maxMessageBytes },
    })
    await mail.start()
    pod.add({
      name: 'service',
      stop: () => mail.stop(),
      health: () => {
        const fault = mail.fault()
        return { live: true, ready: fault === undefined, reason: fault?.message }
      },
    })
    return {
      services: [serve(MailDefinition, mail.handlers)],
      callers: ['administration', 'device-sync', 'mail-transport'],
      caughtUp: storage.caughtUp,
      inTurn: storage.inTurn,
    }
  },
})
