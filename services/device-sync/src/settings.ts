import { peer, podSettings, port, publicTlsSettings, storageSettings } from '@relais/pod'
import { z } from 'zod'

/** What the service's process is told. */
export const settings = podSettings
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
    trustedCertificates: z
      .string()
      .default('')
      .describe(
        'PEM of the authorities by which certificates of signed mail are believed; default: those that Node comes with.',
      )
      .meta({ placeholder: 'FILE' }),
    maxRepeats: z
      .int()
      .min(0)
      .max(10_000)
      .default(60)
      .describe('The same request of one phone again and again, so often, slows it down; 0: never.')
      .meta({ placeholder: 'NUMBER' }),
    incarnation: z
      .int()
      .min(0)
      .max(0xffffff)
      .default(0)
      .describe('Of the log: another number after it was restored from a copy, for all of these processes.')
      .meta({ placeholder: 'NUMBER' }),
  })
