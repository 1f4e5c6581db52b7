import type { SmarthostOptions } from './smarthost.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * smtp://user:password@host:port, with STARTTLS, or smtps:// with TLS from the first byte. To another machine nothing is sent without
 * TLS; to this one it may be, and its certificate needn't be known.
 */
export const smarthostOf = (url: string, name: string): SmarthostOptions | undefined => {
  if (url === '') return undefined
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const local = LOOPBACK.includes(hostname)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTls: !secure && !local,
    insecureCertificate: local,
    ...(username === ''
      ? {}
      : { user: decodeURIComponent(username), password: decodeURIComponent(password) }),
    name,
  }
}
