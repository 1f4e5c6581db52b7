import type { IncomingMessage } from 'node:http'
import { isCoded } from '@relais/service-kit'
import { admitUser } from '../http/admission.ts'
import { readBody } from '../http/body.ts'
import { clientAddress } from '../http/client-address.ts'
import type { HttpAnswer } from '../http/http-answer.ts'
import type { PostDeps } from '../http/post.ts'
import type { SignedIn } from '../sign-in/signed-in.ts'
import {
  type AutodiscoverRequest,
  MAX_AUTODISCOVER_BYTES,
  parseAutodiscoverRequest,
} from './autodiscover-request.ts'
import { autodiscoverError, MOBILE_SYNC, mobileSyncSettings } from './autodiscover-response.ts'
import { autodiscoverUrl, endpointUrl } from './public-url.ts'

type Exchange = {
  readonly request: IncomingMessage
  readonly url: { readonly path: string; readonly query: string }
}

const XML_PATH = '/autodiscover/autodiscover.xml'
const JSON_PATH = '/autodiscover/autodiscover.json'

/** Both forms; `path` in lower case. JSON v2 has the address in the path too: /autodiscover/autodiscover.json/v1.0/ADDRESS. */
export const isAutodiscover = (path: string): boolean =>
  path === XML_PATH || path === JSON_PATH || path.startsWith(`${JSON_PATH}/`)

const xml = (body: string): HttpAnswer => ({
  status: 200,
  headers: { 'Cache-Control': 'private' },
  type: 'text/xml; charset=utf-8',
  body: Buffer.from(body),
})

const invalidRequest = (at: number): HttpAnswer =>
  xml(autodiscoverError({ code: 600, message: 'Invalid Request', at }))

const readRequest = async (deps: PostDeps, request: IncomingMessage): Promise<AutodiscoverRequest> => {
  const { bytes, release } = await readBody(request, {
    maxBytes: MAX_AUTODISCOVER_BYTES,
    budget: deps.budget,
    idleMs: deps.config.bodyIdleMs,
  })
  try {
    return parseAutodiscoverRequest(new TextDecoder('utf-8').decode(bytes))
  } finally {
    release()
  }
}

/** Whoever asks for somebody else's address gets their own. */
const addressFor = (user: SignedIn, asked: string): string =>
  [user.address, ...user.aliases].find((own) => own.toLowerCase() === asked.toLowerCase()) ?? user.address

const optionsOf = ({ config, proxies }: PostDeps) => ({ publicUrl: config.publicUrl, proxies })

const settingsFor = (
  deps: PostDeps,
  exchange: Exchange,
  user: SignedIn,
  asked: AutodiscoverRequest,
): HttpAnswer => {
  // Broken clients leave the schema out; Outlook's own is another protocol.
  if (asked.responseSchema !== '' && asked.responseSchema !== MOBILE_SYNC) return invalidRequest(deps.clock())
  return xml(
    mobileSyncSettings({
      displayName: user.displayName,
      address: addressFor(user, asked.address),
      url: endpointUrl(exchange.request, optionsOf(deps)),
    }),
  )
}

const xmlAnswer = async (deps: PostDeps, exchange: Exchange): Promise<HttpAnswer> => {
  const { request } = exchange
  const user = await admitUser(deps, request.headers.authorization, () =>
    clientAddress(request, deps.proxies),
  )
  if (request.method !== 'POST') return invalidRequest(deps.clock())
  try {
    return settingsFor(deps, exchange, user, await readRequest(deps, request))
  } catch (error) {
    if (isCoded(error) && ['AUTODISCOVER_MALFORMED', 'BODY_TOO_LARGE', 'DAMAGED_CODING'].includes(error.code))
      return invalidRequest(deps.clock())
    throw error
  }
}

const json = (status: number, value: Readonly<Record<string, string>>): HttpAnswer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: Buffer.from(JSON.stringify(value)),
})

const parameter = (query: string, name: string): string | undefined =>
  [...new URLSearchParams(query)].find(([key]) => key.toLowerCase() === name)?.[1]

/** Asked without credentials; it says the same to everybody, so it tells nothing about who has an account. */
const jsonAnswer = (deps: PostDeps, { request, url }: Exchange): HttpAnswer => {
  const protocol = parameter(url.query, 'protocol')?.toLowerCase()
  if (protocol === 'activesync')
    return json(200, { Protocol: 'ActiveSync', Url: endpointUrl(request, optionsOf(deps)) })
  if (protocol === 'autodiscoverv1')
    return json(200, { Protocol: 'AutodiscoverV1', Url: autodiscoverUrl(request, optionsOf(deps)) })
  return json(400, {
    ErrorCode: protocol === undefined ? 'MandatoryParameterMissing' : 'InvalidProtocol',
    ErrorMessage: "The value of Protocol must be 'ActiveSync' or 'AutodiscoverV1'.",
  })
}

/** Autodiscover as phones use it: XML for MobileSync (MS-ASCMD 2.2.1.1), and JSON v2. */
export const autodiscoverAnswer = async (deps: PostDeps, exchange: Exchange): Promise<HttpAnswer> =>
  exchange.url.path === XML_PATH ? xmlAnswer(deps, exchange) : jsonAnswer(deps, exchange)
