import { createPhoneServer, type PhoneServer } from '@relais/device-sync'
import type { MailServer } from '@relais/mail-transport'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { MailTransportDefinition } from '@relais/proto/mail_transport/v1/mail_transport.ts'
import {
  InstallationDefinition,
  type InstallationServiceImplementation,
} from '@relais/proto/standalone/v1/installation.ts'
import {
  bearerAuthentication,
  type Call,
  createGrpcServer,
  type GrpcServer,
  type Logger,
  serve,
} from '@relais/service-kit'
import type { Ports } from './banner.ts'
import type { CertificateSource } from './certificate/certificate-source.ts'
import type { Certificate } from './certificate/generate.ts'
import type { Relais } from './relais.ts'
import { StartError } from './start-error.ts'

export type ListenerOptions = {
  /** For phones, submission, mail from everywhere and administration. */
  readonly host: string
  /** Whoever reaches it may put mail into any account. */
  readonly lmtpHost: string
  /** Whether programs may say passwords where there is no TLS. */
  readonly passwordsInClear: boolean
  readonly ports: Ports
  /** Undefined: no TLS, only on loopback. */
  readonly certificate: Certificate | undefined
  /** Where the certificate was given: new ones are taken over while it runs. */
  readonly source: CertificateSource | undefined
  readonly token: string
  readonly installation: InstallationServiceImplementation<Call>
  readonly logger: Logger
}

/** Opens every port; returns those that were given. Errors: {@link StartError} that names a port that can't be had. */
export const openListeners = async (relais: Relais, options: ListenerOptions): Promise<Ports> => {
  const { ports, host, lmtpHost, certificate, passwordsInClear } = options
  const tls = certificate && { cert: certificate.cert, key: certificate.key }
  const { lifecycle, mailTransport, deviceSync } = relais
  const mailServers = {
    lmtp: mailTransport.lmtp({ tls: undefined }),
    smtp: mailTransport.smtp({ tls }),
    submission: mailTransport.submission({ tls, passwordsInClear }),
  }
  const eas = createPhoneServer(deviceSync.listener, tls)
  const admin = adminServer(relais, options)
  lifecycle.add({ name: 'phones', drain: () => eas.drain(), stop: () => eas.close() })
  lifecycle.add({ name: 'administration', drain: (graceMs) => admin.drain(graceMs) })
  options.source?.onChange((next) => replaceCertificates(next, { eas, admin, mailServers }))
  return {
    lmtp: await claim('LMTP', ports.lmtp, () => mailServers.lmtp.listen(lmtpHost, ports.lmtp)),
    smtp: await claim('SMTP', ports.smtp, () => mailServers.smtp.listen(host, ports.smtp)),
    submission: await claim('submission', ports.submission, () =>
      mailServers.submission.listen(host, ports.submission),
    ),
    admin: await claim('administration', ports.admin, () => admin.listen(host, ports.admin)),
    eas: await claim('phones', ports.eas, () => eas.listen(host, ports.eas)),
  }
}

const adminServer = (
  { directory, mail, mailTransport, deviceSync }: Relais,
  { token, certificate, installation, logger }: ListenerOptions,
): GrpcServer =>
  createGrpcServer({
    services: [
      serve(DirectoryDefinition, directory.handlers),
      serve(MailDefinition, mail.handlers),
      serve(MailTransportDefinition, mailTransport.handlers),
      serve(DeviceSyncDefinition, deviceSync.handlers),
      serve(InstallationDefinition, installation),
    ],
    tls: certificate && { certificate: certificate.cert, key: certificate.key },
    authenticate: bearerAuthentication(token),
    logger,
  })

/** Errors of the operating system in words. */
const claim = async (
  purpose: string,
  port: number,
  open: () => Promise<{ port: number }>,
): Promise<number> => {
  try {
    return (await open()).port
  } catch (error) {
    throw new StartError(`port ${port} for ${purpose} can't be had: ${whyNot(error)}`, { cause: error })
  }
}

const whyNot = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  if (/EADDRINUSE|already in use/i.test(text)) return 'another program uses it'
  return /EACCES/.test(text) ? 'only an administrator of this machine may open it' : text
}

type Reloaded = {
  readonly eas: PhoneServer
  readonly admin: GrpcServer
  readonly mailServers: Record<string, MailServer>
}

const replaceCertificates = ({ cert, key }: Certificate, { eas, admin, mailServers }: Reloaded) => {
  eas.replaceCertificate({ cert, key })
  admin.replaceCertificate({ certificate: cert, key })
  for (const server of Object.values(mailServers)) server.setTls({ cert, key })
}
