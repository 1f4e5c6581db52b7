import { lookup } from 'node:dns/promises'
import { openPublicTls, type PodProcess, readSecret, runPod } from '@relais/pod'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { MailTransportDefinition } from '@relais/proto/mail_transport/v1/mail_transport.ts'
import { InstallationDefinition } from '@relais/proto/standalone/v1/installation.ts'
import { bearerAuthentication, createGrpcServer, serve } from '@relais/service-kit'
import { deviceSyncs } from './device-syncs.ts'
import { EachAddress } from './each-address.ts'
import { forward } from './forward.ts'
import { noInstallation } from './installation.ts'
import { settings } from './settings.ts'

/** This service as a process of its own. */
export const run = (self: PodProcess): Promise<void> =>
  runPod(self, {
    name: 'administration',
    summary: 'One address for administrators and ./relais, in front of all services.',
    schema: settings,
    open: async (pod, configuration) => {
      const { host, peers, adminPort, tokenFile } = configuration
      const token = readSecret(tokenFile, 'tokenFile')
      const tls = openPublicTls(pod, configuration)
      const directory = await pod.peer('directory', DirectoryDefinition, peers.directory)
      const mail = await pod.peer('mail', MailDefinition, peers.mail)
      const mailTransport = await pod.peer('mail-transport', MailTransportDefinition, peers.mailTransport)
      const [any] = await Promise.all(
        peers.deviceSync.map((address) => pod.peer('device-sync', DeviceSyncDefinition, address)),
      )
      const each = new EachAddress({
        addresses: peers.deviceSync,
        lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
        connect: (address) => pod.connect('device-sync', DeviceSyncDefinition, address),
      })
      pod.add({ name: 'connections to each device-sync', stop: async () => each.close() })
      const server = createGrpcServer({
        services: [
          serve(DirectoryDefinition, forward(DirectoryDefinition, directory)),
          serve(MailDefinition, forward(MailDefinition, mail)),
          serve(MailTransportDefinition, forward(MailTransportDefinition, mailTransport)),
          serve(DeviceSyncDefinition, deviceSyncs({ any: any!, each: () => each.clients() })),
          serve(InstallationDefinition, noInstallation),
        ],
        tls: tls && { certificate: tls.certificate.cert, key: tls.certificate.key },
        authenticate: bearerAuthentication(token),
        logger: pod.logger,
      })
      tls?.onChange(({ cert, key }) => server.replaceCertificate({ certificate: cert, key }))
      pod.add({ name: 'administration port', drain: (graceMs) => server.drain(graceMs) })
      return {
        services: [],
        callers: [],
        listen: async () => {
          const { port } = await server.listen(host, adminPort)
          return { admin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}` }
        },
      }
    },
  })
