import { file, peer, podSettings, port, publicTlsSettings } from '@relais/pod'
import { z } from 'zod'

/** What the service's process is told. */
export const settings = podSettings.extend(publicTlsSettings.shape).extend({
  peers: z.object({
    directory: peer('directory'),
    mail: peer('mail'),
    mailTransport: peer('mail-transport'),
    deviceSync: z
      .array(peer('device-sync'))
      .min(1)
      .describe('Where each device-sync serves (gRPC).')
      .meta({ placeholder: 'LIST' }),
  }),
  adminPort: port(8090, 'Port for administration (gRPC; TLS with publicTls).'),
  tokenFile: file('Secret of at least 32 characters that administrators show.'),
})
