import { createSecureContext } from 'node:tls'
import { terminal } from '@relais/service-kit'
import { z } from 'zod'
import { watchPemFiles } from './pem-files.ts'
import type { Pod } from './pod.ts'

const file = (description: string) =>
  z.string().optional().describe(description).meta({ placeholder: 'FILE' })

/** The certificate that clients from outside see. */
export const publicTlsSettings = z.object({
  publicTls: z.object({
    certificate: file('Certificate chain in PEM for clients from outside; read again when it changes.'),
    key: file('Its private key in PEM.'),
  }),
})

export type PublicCertificate = { readonly cert: string; readonly key: string }

export type PublicTls = {
  readonly certificate: PublicCertificate
  /** Calls the listener with each new certificate that can be used. */
  onChange(listener: (certificate: PublicCertificate) => void): void
}

/** Undefined: clients from outside speak without TLS, or a proxy does it. Errors: CONFIGURATION_INVALID, TLS_FILE_UNREADABLE. */
export const openPublicTls = (
  pod: Pod,
  { publicTls }: z.output<typeof publicTlsSettings>,
): PublicTls | undefined => {
  const { certificate, key } = publicTls
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined)
    throw terminal('CONFIGURATION_INVALID', 'publicTls.certificate and publicTls.key must be given together')
  const listeners: ((certificate: PublicCertificate) => void)[] = []
  const files = watchPemFiles({
    files: { cert: certificate, key },
    use: (next) => {
      createSecureContext(next)
      for (const listener of listeners) listener(next)
    },
    complain: (reason) => pod.logger.error({ reason }, 'the new certificate is not taken'),
  })
  pod.add({ name: 'public certificate', stop: () => files.close() })
  return { certificate: files.current(), onChange: (listener) => void listeners.push(listener) }
}
