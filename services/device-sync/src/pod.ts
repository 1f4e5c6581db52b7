import { openPublicTls, openStorage, type PodProcess, runPod } from '@relais/pod'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { serve } from '@relais/service-kit'
import { readTrustedCertificates } from './certificates/trusted-certificates.ts'
import { createPhoneServer } from './http/phone-server.ts'
import { createDeviceSync } from './service.ts'
import { settings } from './settings.ts'

/** This service as a process of its own. */
export const run = (self: PodProcess): Promise<void> =>
  runPod(self, {
    name: 'device-sync',
    summary: 'Phones over Exchange ActiveSync, as a process of its own: as many as phones need.',
    schema: settings,
    open: async (pod, configuration) => {
      const { host, peers, phonesPort, publicUrl, trustedProxies, maxMessageBytes, maxRepeats, incarnation } =
        configuration
      const tls = openPublicTls(pod, configuration)
      const directory = await pod.peer('directory', DirectoryDefinition, peers.directory)
      const mail = await pod.peer('mail', MailDefinition, peers.mail)
      const storage = await openStorage(pod, configuration)
      const service = await createDeviceSync({
        ...{ ...storage, directory, mail, logger: pod.logger, incarnation, sharedRows: true },
        announcements: storage.openAnnouncements('device-sync'),
        trustedCertificates: readTrustedCertificates(configuration.trustedCertificates),
        clock: Date.now,
        config: { publicUrl, trustedProxies, maxMessageBytes, maxRepeats },
      })
      await pod.untilThere("the log's head", () => service.start())
      pod.add({
        name: 'service',
        drain: (graceMs) => service.drain(graceMs),
        stop: () => service.stop(),
      })
      return {
        services: [serve(DeviceSyncDefinition, service.handlers)],
        callers: ['administration'],
        caughtUp: storage.caughtUp,
        listen: async () => {
          const server = createPhoneServer(service.listener, tls?.certificate)
          tls?.onChange((next) => server.replaceCertificate(next))
          pod.whenEnding(() => server.leave())
          pod.add({ name: 'phones', drain: () => server.drain(), stop: () => server.close() })
          const { port } = await server.listen(host, phonesPort)
          return { eas: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}` }
        },
      }
    },
  })
