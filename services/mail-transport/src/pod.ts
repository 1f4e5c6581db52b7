import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { openBlobs, openPublicTls, openStorage, type PodProcess, runPod } from '@relais/pod'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { MailTransportDefinition } from '@relais/proto/mail_transport/v1/mail_transport.ts'
import { serve } from '@relais/service-kit'
import { smarthostOf } from './outbound/smarthost-url.ts'
import { createMailTransport } from './service.ts'
import { settings } from './settings.ts'

/** This service as a process of its own. */
export const run = (self: PodProcess): Promise<void> =>
  runPod(self, {
    name: 'mail-transport',
    summary: 'Mail in over LMTP, SMTP and submission, and out to a smarthost, as a process of its own.',
    schema: settings,
    open: async (pod, configuration) => {
      const { host, peers, lmtpPort, smtpPort, submissionPort, maxMessageBytes, spoolFolder } = configuration
      const serverName = configuration.serverName || hostname()
      const tls = openPublicTls(pod, configuration)
      const directory = await pod.peer('directory', DirectoryDefinition, peers.directory)
      const mail = await pod.peer('mail', MailDefinition, peers.mail)
      const storage = await openStorage(pod, configuration)
      const blobs = await openBlobs(pod, configuration)
      const transport = await createMailTransport({
        ...{
          ...storage,
          blobs,
          directory,
          mail,
          logger: pod.logger,
          serverName,
          maxMessageBytes,
          spoolFolder,
        },
        clock: Date.now,
        newId: randomUUID,
        random: Math.random,
        smarthost: smarthostOf(configuration.smarthost, serverName),
      })
      pod.add({ name: 'service', stop: () => transport.stop() })
      return {
        services: [serve(MailTransportDefinition, transport.handlers)],
        callers: ['administration'],
        caughtUp: storage.caughtUp,
        inTurn: storage.inTurn,
        listen: async () => {
          transport.start()
          const { passwordsInClear, proxyProtocolFrom } = configuration
          const servers = {
            lmtp: transport.lmtp({ tls: undefined }),
            smtp: transport.smtp({ tls: tls?.certificate }),
            submission: transport.submission({ tls: tls?.certificate, passwordsInClear }),
          }
          for (const server of [servers.smtp, servers.submission]) server.trustProxies(proxyProtocolFrom)
          tls?.onChange((next) => {
            servers.smtp.setTls(next)
            servers.submission.setTls(next)
          })
          const at = async (name: keyof typeof servers, port: number) =>
            `127.0.0.1:${(await servers[name].listen(host, port)).port}`
          return {
            lmtp: await at('lmtp', lmtpPort),
            smtp: await at('smtp', smtpPort),
            submission: await at('submission', submissionPort),
          }
        },
      }
    },
  })
