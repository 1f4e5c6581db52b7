import type { Logger } from '@relais/service-kit'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { gatherReplies } from './gathered-replies.ts'
import { networksOf, readProxyHeaders } from './proxied-connections.ts'

export type ServerTls = { readonly cert: string; readonly key: string }

/** A listening SMTP or LMTP server. */
export type MailServer = {
  listen(host: string, port: number): Promise<{ readonly port: number }>
  /** Before it listens: connections from these addresses and networks begin with a PROXY header that says whose they are. */
  trustProxies(ranges: readonly string[]): void
  /** New connections get the new certificate. */
  setTls(tls: ServerTls): void
  /** Takes no new connections and ends those that are idle; a message on its way is answered first, within the grace period. */
  drain(graceMs: number): Promise<void>
}

const TEN_MINUTES = 600_000

/** RFC 5321 4.5.3.2 asks for at least five minutes. */
export const COMMON_OPTIONS: SMTPServerOptions = {
  disableReverseLookup: true,
  hideDSN: true,
  hideREQUIRETLS: true,
  socketTimeout: TEN_MINUTES,
  maxClients: 2000,
  logger: false,
}

export const createMailServer = (options: SMTPServerOptions, logger: Logger): MailServer => {
  const server = new SMTPServer({ ...COMMON_OPTIONS, ...options })
  // What STARTTLS makes of a connection must find nothing that has not left yet.
  if (options.disabledCommands?.includes('STARTTLS')) server.server.on('connection', gatherReplies)
  server.on('error', (error) => logger.debug({ code: codeOf(error) }, 'a mail connection ended in an error'))
  return {
    listen: (host, port) => listen(server, host, port),
    trustProxies: (ranges) => {
      if (ranges.length > 0) readProxyHeaders(server.server, networksOf(ranges))
    },
    setTls: (tls) => server.updateSecureContext({ ...tls }),
    drain: (graceMs) => drain(server, graceMs),
  }
}

const listen = (server: SMTPServer, host: string, port: number) =>
  new Promise<{ port: number }>((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, host, () => {
      server.server.off('error', reject)
      const address = server.server.address()
      resolve({ port: typeof address === 'object' && address !== null ? address.port : port })
    })
  })

const drain = (server: SMTPServer, graceMs: number) =>
  new Promise<void>((resolve) => {
    if (!server.server.listening) return resolve()
    server.options.closeTimeout = graceMs
    server.close(() => resolve())
  })

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'UNKNOWN'
