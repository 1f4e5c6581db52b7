import type { PostgresConnection } from '@relais/read-store/postgres/connection.ts'
import { terminal } from '@relais/service-kit'

const USUAL_PORT = 5432

/**
 * postgres://user:password@host:port/database, with further hosts after commas: host:port,host2:port2.
 * `ca`: PEM; with it only TLS is spoken. Errors: CONFIGURATION_INVALID, without the text, which has a password.
 */
export const postgresConnection = (url: string, ca?: string): PostgresConnection => {
  const parts = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/]+)\/([^/?]+)$/.exec(url)
  if (parts === null)
    throw terminal('CONFIGURATION_INVALID', 'not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE')
  const [, user = '', password = '', hosts = '', database = ''] = parts
  const [first, ...others] = hosts.split(',').map(placeOf)
  return {
    ...first!,
    ...(others.length === 0 ? {} : { others }),
    ...(ca === undefined ? {} : { ssl: { ca } }),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    database: decodeURIComponent(database),
  }
}

const placeOf = (text: string): { readonly host: string; readonly port: number } => {
  const parts = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text)
  if (parts === null) throw terminal('CONFIGURATION_INVALID', 'a host of the database is not HOST:PORT')
  return { host: parts[1]!.replace(/^\[|\]$/g, ''), port: Number(parts[2] ?? USUAL_PORT) }
}
