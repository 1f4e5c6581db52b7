import { randomUUID } from 'node:crypto'
import { openBlobs, openStorage, type PodProcess, runPod } from '@relais/pod'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { serve } from '@relais/service-kit'
import { createMail } from './service.ts'
import { settings } from './settings.ts'

/** This service as a process of its own. */
export const run = (self: PodProcess): Promise<void> =>
  runPod(self, {
    name: 'mail',
    summary: 'Mailboxes and messages, as a process of its own: one for each placement unit.',
    schema: settings,
    open: async (pod, configuration) => {
      const directory = await pod.peer('directory', DirectoryDefinition, configuration.peers.directory)
      const storage = await openStorage(pod, configuration)
      const blobs = await openBlobs(pod, configuration)
      const mail = createMail({
        ...{ ...storage, blobs, directory, logger: pod.logger },
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
