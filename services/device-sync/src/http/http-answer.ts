import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { cancelled } from '@relais/service-kit'
import type { EncodedDocument } from '../wbxml/encode.ts'

/** What goes back over HTTP. A body that isn't there has length 0 and no Content-Type ([HTTP 212]). */
export type HttpAnswer = {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly type?: string
  readonly body?: Uint8Array | EncodedDocument
}

type Segments = EncodedDocument['segments']

/** Below, the headers of gzip eat what it saves; above, it costs more processor than a network is worth. */
const MIN_GZIP = 1024
const MAX_GZIP = 8 * 1024 * 1024

const compress = promisify(gzip) as (bytes: Uint8Array, options: { level: number }) => Promise<Buffer>

/** RFC 9110 12.5.3, as far as gzip needs it: named or "*", and not with q=0. */
export const acceptsGzip = (request: IncomingMessage): boolean => {
  const codings = String(request.headers['accept-encoding'] ?? '').toLowerCase()
  const named = /(?:^|,)\s*(?:x-)?(?:gzip|\*)\s*(;\s*q\s*=\s*([\d.]+))?\s*(?=,|$)/.exec(codings)
  return named !== null && Number(named[2] ?? 1) > 0
}

const segmentsOf = (body: HttpAnswer['body']): { length: number; segments: Segments } => {
  if (body === undefined) return { length: 0, segments: [] }
  return body instanceof Uint8Array ? { length: body.length, segments: [body] } : body
}

const inMemory = (segments: Segments): segments is readonly Uint8Array[] =>
  segments.every((segment) => segment instanceof Uint8Array)

/** What an answer takes until its client has it; what is read while it is sent takes none. */
export const bytesInMemory = ({ body }: HttpAnswer): number =>
  segmentsOf(body).segments.reduce(
    (sum, segment) => sum + (segment instanceof Uint8Array ? segment.length : 0),
    0,
  )

const STALLED_MS = 60_000

/** Who takes nothing of an answer for so long counts as gone. Once it is answered Node sets its connection's time anew. */
export const endIfStalled = ({ socket }: ServerResponse, stalledMs = STALLED_MS): void => {
  socket?.setTimeout(stalledMs)
}

const zipped = async (segments: readonly Uint8Array[]): Promise<Buffer> =>
  compress(segments.length === 1 ? segments[0]! : Buffer.concat(segments), { level: constants.Z_BEST_SPEED })

const headersOf = (answer: HttpAnswer, length: number): OutgoingHttpHeaders => ({
  ...answer.headers,
  ...(length > 0 && answer.type ? { 'Content-Type': answer.type } : {}),
  'Content-Length': length,
})

/** Resolves when more may be written, rejects when nobody reads any more. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => () => {
      response.off('drain', onDrain).off('close', onClose)
      outcome()
    }
    const onDrain = settle(resolve)
    const onClose = settle(() => reject(cancelled()))
    response.on('drain', onDrain).on('close', onClose)
    if (response.destroyed) onClose()
  })

const write = async (response: ServerResponse, bytes: Uint8Array): Promise<void> => {
  if (!response.write(bytes)) await drained(response)
}

const writeSegments = async (response: ServerResponse, segments: Segments): Promise<void> => {
  for (const segment of segments)
    if (segment instanceof Uint8Array) await write(response, segment)
    else for await (const chunk of segment.chunks()) await write(response, chunk)
  response.end()
}

const sendSegments = async (response: ServerResponse, segments: Segments): Promise<void> => {
  if (segments.length > 1 || !inMemory(segments)) return writeSegments(response, segments)
  response.end(segments[0])
}

/**
 * Sends an answer. Content-Length is always there; gzip where the client asked for it and it pays.
 * If content that is read while it is sent fails, the connection is cut: the client sees too few bytes, never wrong ones.
 */
export const send = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpAnswer,
): Promise<void> => {
  const { length, segments } = segmentsOf(answer.body)
  if (request.method === 'HEAD') {
    response.writeHead(answer.status, headersOf(answer, length)).end()
  } else if (length >= MIN_GZIP && length <= MAX_GZIP && inMemory(segments) && acceptsGzip(request)) {
    const bytes = await zipped(segments)
    const headers = {
      ...headersOf(answer, bytes.length),
      'Content-Encoding': 'gzip',
      Vary: 'Accept-Encoding',
    }
    response.writeHead(answer.status, headers).end(bytes)
  } else {
    response.writeHead(answer.status, headersOf(answer, length))
    await sendSegments(response, segments).catch((error: Error) => response.destroy(error))
  }
}
