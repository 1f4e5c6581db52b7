import { randomUUID } from 'node:crypto'
import { enableCompileCache } from 'node:module'
import { hostname } from 'node:os'
import {
  blobSettings,
  openBlobs,
  openPublicTls,
  openStorage,
  peer,
  podSettings,
  port,
  publicTlsSettings,
  runPod,
  storageSettings,
} from '@relais/pod'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { MailTransportDefinition } from '@relais/proto/mail_transport/v1/mail_transport.ts'
import { serve } from '@relais/service-kit'
import { z } from 'zod'
import { smarthostOf } from './outbound/smarthost-url.ts'
import { createMailTransport } from './service.ts'

const text = (placeholder: string, description: string) =>
  z.string().default('').describe(description).meta({ placeholder })

enableCompileCache()
await runPod(process, {
  name: 'mail-transport',
  summary: 'Mail in over LMTP, SMTP and submission, and out to a smarthost, as a process of its own.',
  schema: podSettings
    .extend(storageSettings.shape)
    .extend(blobSettings.shape)
    .extend(publicTlsSettings.shape)
    .extend({
      peers: z.object({ directory: peer('directory'), mail: peer('mail') }),
      lmtpPort: port(2424, 'Port for mail from the site’s own mail server (LMTP).'),
      smtpPort: port(2525, 'Port for mail from everywhere (SMTP).'),
      submissionPort: port(2587, 'Port for mail of the accounts’ own programs (submission).'),
      passwordsInClear: z
        .boolean()
        .default(false)
        .describe('Let programs sign in to submission without TLS: on one machine only.'),
      serverName: text('NAME', 'Its name in mail and in TLS; default: the machine’s.'),
      smarthost: text('URL', 'Server by which mail leaves, e.g. smtp://user:password@mail.example:587.'),
      spoolFolder: z
        .string()
        .default('spool')
        .describe('Folder of this process alone, for messages on their way to several tenants.')
        .meta({ placeholder: 'FOLDER' }),
      maxMessageBytes: z
        .int()
        .min(1024)
        .default(52_428_800)
        .describe('Largest message, in bytes.')
        .meta({ placeholder: 'BYTES' }),
    }),
  open: async (pod, configuration) => {
    const { host, peers, lmtpPort, smtpPort, submissionPort, maxMessageBytes, spoolFolder } = configuration
    const serverName = configuration.serverName || hostname()
    const tls = openPublicTls(pod, configuration)
    const directory = await pod.peer('directory', DirectoryDefinition, peers.directory)
    const mail = await pod.peer('mail', MailDefinition, peers.mail)
    const storage = await openStorage(pod, configuration)
    const blobs = await openBlobs(pod, configuration)
    const transport = await createMailTransport({
      ...{ ...storage, blobs, directory, mail, logger: pod.logger, serverName, maxMessageBytes, spoolFolder },
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
        const { passwordsInClear } = configuration
        const servers = {
          lmtp: transport.lmtp({ tls: undefined }),
          smtp: transport.smtp({ tls: tls?.certificate }),
          submission: transport.submission({ tls: tls?.certificate, passwordsInClear }),
        }
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
