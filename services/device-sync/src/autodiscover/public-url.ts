import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { TLSSocket } from 'node:tls'
import { terminal } from '@relais/service-kit'
import { comesFromProxy } from '../http/client-address.ts'

export type PublicUrlOptions = { readonly publicUrl: string; readonly proxies: BlockList }

const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

const first = (value: string | string[] | undefined): string =>
  (Array.isArray(value) ? (value[0] ?? '') : (value ?? '')).split(',')[0]?.trim() ?? ''

const ownScheme = ({ socket }: IncomingMessage): string => (socket instanceof TLSSocket ? 'https' : 'http')

const forwarded = ({ headers }: IncomingMessage, own: { scheme: string; host: string }) => ({
  scheme: first(headers['x-forwarded-proto']).toLowerCase() === 'https' ? 'https' : own.scheme,
  host: first(headers['x-forwarded-host']) || own.host,
})

/** The URL by which the client reached us: as configured, else from its own Host, or what a trusted proxy says of it. */
const baseUrl = (request: IncomingMessage, { publicUrl, proxies }: PublicUrlOptions): string => {
  if (publicUrl !== '') return publicUrl.replace(/\/+$/, '')
  const own = { scheme: ownScheme(request), host: first(request.headers.host) }
  const { scheme, host } = comesFromProxy(request, proxies) ? forwarded(request, own) : own
  if (!HOST.test(host)) throw terminal('MALFORMED_QUERY', 'no usable Host')
  return `${scheme}://${host}`
}

/** URL of the endpoint, as Autodiscover gives it. Errors: MALFORMED_QUERY. */
export const endpointUrl = (request: IncomingMessage, options: PublicUrlOptions): string =>
  `${baseUrl(request, options)}/Microsoft-Server-ActiveSync`

/** URL of Autodiscover's XML form. */
export const autodiscoverUrl = (request: IncomingMessage, options: PublicUrlOptions): string =>
  `${baseUrl(request, options)}/autodiscover/autodiscover.xml`
