import { enableCompileCache } from 'node:module'
import {
  openPublicTls,
  openStorage,
  peer,
  podSettings,
  port,
  publicTlsSettings,
  runPod,
  storageSettings,
} from '@relais/pod'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { serve } from '@relais/service-kit'
import { z } from 'zod'
import { createPhoneServer } from './http/phone-server.ts'
import { createDeviceSync } from './service.ts'

enableCompileCache()
await runPod(process, {
  name: 'device-sync',
  summary: 'Phones over Exchange ActiveSync, as a process of its own: as many as phones need.',
  schema: podSettings
    .extend(storageSettings.shape)
    .extend(publicTlsSettings.shape)
    .extend({
      peers: z.object({ directory: peer('directory'), mail: peer('mail') }),
      phonesPort: port(8080, 'Port for phones (HTTP; HTTPS with publicTls).'),
      publicUrl: z
        .string()
        .regex(/^(https?:\/\/[^/]+)?$/, 'must be https://HOST')
        .default('')
        .describe('URL by which phones reach it; default: what they ask for.')
        .meta({ placeholder: 'URL' }),
      trustedProxies: z
        .array(z.string())
        .default([])
        .describe('Addresses or networks of proxies whose X-Forwarded-For is believed.')
        .meta({ placeholder: 'LIST' }),
      maxMessageBytes: z
        .int()
        .min(1024)
        .default(52_428_800)
        .describe('Largest message, in bytes.')
        .meta({ placeholder: 'BYTES' }),
      incarnation: z
        .int()
        .min(0)
        .max(0xffffff)
        .default(0)
        .describe('Of the log: another number after it was restored from a copy, for all of these processes.')
        .meta({ placeholder: 'NUMBER' }),
    }),
  open: async (pod, configuration) => {
    const { host, peers, phonesPort, publicUrl, trustedProxies, maxMessageBytes, incarnation } = configuration
    const tls = openPublicTls(pod, configuration)
    const directory = await pod.peer('directory', DirectoryDefinition, peers.directory)
    const mail = await pod.peer('mail', MailDefinition, peers.mail)
    const storage = await openStorage(pod, configuration)
    const service = await createDeviceSync({
      ...{ ...storage, directory, mail, logger: pod.logger, incarnation, sharedRows: true },
      clock: Date.now,
      config: { publicUrl, trustedProxies, maxMessageBytes },
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
        pod.add({ name: 'phones', drain: () => server.drain(), stop: () => server.close() })
        const { port } = await server.listen(host, phonesPort)
        return { eas: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}` }
      },
    }
  },
})
