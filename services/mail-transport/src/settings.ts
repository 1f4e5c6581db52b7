import { blobSettings, peer, podSettings, port, publicTlsSettings, storageSettings } from '@relais/pod'
import { z } from 'zod'

const text = (placeholder: string, description: string) =>
  z.string().default('').describe(description).meta({ placeholder })

/** What the service's process is told. */
export const settings = podSettings
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
    proxyProtocolFrom: z
      .array(z.string())
      .default([])
      .describe(
        'Addresses or networks of proxies that begin SMTP and submission with a PROXY header (version 1 or 2).',
      )
      .meta({ placeholder: 'LIST' }),
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
  })
