import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { DeviceRef } from '../held/held-requests.ts'
import { redacted } from '../tracing/redacted.ts'
import type { Traces } from '../tracing/traces.ts'
import { decodeWbxml } from '../wbxml/decode.ts'
import type { HttpAnswer } from './http-answer.ts'

/** What is known of a request when it is traced. */
type Traced = {
  readonly request: IncomingMessage
  readonly correlation: string
  readonly device?: DeviceRef
  readonly command?: string
  readonly version?: number
  readonly failed?: string
}

const WBXML = 'application/vnd.ms-sync.wbxml'

/** Headers that say something about the protocol, and nothing about who it is. */
const shown = [
  ...['ms-asprotocolversion', 'x-ms-policykey', 'ms-asacceptmultipart', 'user-agent', 'content-type'],
  ...['content-length', 'content-encoding', 'accept-encoding', 'transfer-encoding'],
]

const documentText = (bytes: Uint8Array): string => {
  try {
    return redacted(decodeWbxml(bytes, { maxElements: 1_000_000, maxText: 128 * 1024 * 1024 }))
  } catch (error) {
    return `[${bytes.length} bytes that are no document: ${(error as Error).message}]`
  }
}

const lines = (headers: OutgoingHttpHeaders, names: readonly string[]): readonly string[] =>
  names.flatMap((name) =>
    headers[name] === undefined ? [] : [`${name}: ${String(headers[name]).slice(0, 200)}`],
  )

/** What a traced device asks: its command, headers that matter, and the document without content. */
export const traceRequest = (traces: Traces, post: Traced, bytes: Uint8Array): void => {
  const { device, request, correlation, command, version = 0 } = post
  if (device === undefined || !traces.isTraced(device)) return
  const first = `${command} in ${version / 10}, HTTP/${request.httpVersion}`
  const body = bytes.length === 0 ? ['[no body]'] : [documentText(bytes)]
  const text = [first, ...lines(request.headers, shown), ...body].join('\n')
  traces.tell(device, { at: Date.now(), kind: 'request', correlation, text })
}

const bodyText = ({ body, type }: HttpAnswer): string => {
  if (body === undefined) return '[no body]'
  if (type !== WBXML || body instanceof Uint8Array) return `[${body.length} bytes of ${type}]`
  const whole = body.segments.filter((segment) => segment instanceof Uint8Array)
  if (whole.length < body.segments.length) return `[${body.length} bytes, read while they are sent]`
  return documentText(Buffer.concat(whole))
}

const answerHeaders = ['Retry-After', 'X-MS-ASThrottle', 'X-MS-RP', 'X-MS-Location', 'WWW-Authenticate']

/** What it is told. */
export const traceAnswer = (traces: Traces, post: Traced, answer: HttpAnswer): void => {
  const { device, correlation, command, failed } = post
  if (device === undefined || !traces.isTraced(device)) return
  const first = `${command}: HTTP ${answer.status}${failed === undefined ? '' : ` (${failed})`}`
  const text = [first, ...lines(answer.headers ?? {}, answerHeaders), bodyText(answer)].join('\n')
  traces.tell(device, { at: Date.now(), kind: 'answer', correlation, text })
}
