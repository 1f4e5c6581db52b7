import type { OutgoingHttpHeaders } from 'node:http'
import { type CommandAnswer, emptyAnswer, type MultipartPart } from '../commands/command.ts'
import { type Failure, failureOf } from '../commands/error-table.ts'
import { roots } from '../commands/roots.ts'
import { type Answering, inWordsOf } from '../versions/older-answer.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { type EncodedDocument, encodeDocument } from '../wbxml/encode.ts'
import { el, StreamedContent, type WbxmlNode } from '../wbxml/node.ts'
import type { HttpAnswer } from './http-answer.ts'
import { encodeMultipart } from './multipart.ts'
import type { Post } from './post.ts'
import { STATUS_IN_BODY } from './protocol.ts'

const WBXML = 'application/vnd.ms-sync.wbxml'
const MULTIPART = 'application/vnd.ms-sync.multipart'

/** On every answer: free-form, but clients look for it. */
export const serverHeaders = { 'MS-Server-ActiveSync': '16.1', 'Cache-Control': 'private' } as const

export const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Relais", charset="UTF-8"' } as const

const documentOf = (
  answering: Answering,
  root: WbxmlNode | undefined,
  headers?: Readonly<Record<string, string>>,
): HttpAnswer => {
  const worded = inWordsOf(answering, root)
  if (!worded) return { status: 200, headers: serverHeaders }
  return {
    status: 200,
    headers: { ...serverHeaders, ...headers },
    type: WBXML,
    body: encodeDocument(worded, answering.version),
  }
}

/** A type as a message calls it may be anything. */
const contentType = (type: string): string =>
  /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream'

const contentOf = ({ length, chunks }: MultipartPart): EncodedDocument => ({
  length,
  segments: length === 0 ? [] : [new StreamedContent('opaque', length, chunks)],
})

/** An answer as its version has it: [HTTP 283]. */
export const successOf = (answer: CommandAnswer, answering: Answering): HttpAnswer => {
  switch (answer.kind) {
    case 'empty':
      return documentOf(answering, undefined)
    case 'wbxml':
      return documentOf(answering, answer.root, answer.headers)
    case 'multipart':
      return {
        status: 200,
        headers: serverHeaders,
        type: MULTIPART,
        body: encodeMultipart(answer.root, answer.parts, answering.version),
      }
    case 'content':
      return { status: 200, headers: serverHeaders, type: contentType(answer.type), body: contentOf(answer) }
  }
}

const failureHeaders = ({ http, retryAfterSeconds, throttle }: Failure): OutgoingHttpHeaders => ({
  ...serverHeaders,
  ...(http === 401 ? CHALLENGE : {}),
  ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds }),
  ...(throttle === undefined ? {} : { 'X-MS-ASThrottle': throttle }),
})

/** A failure by HTTP alone, as for OPTIONS. */
export const httpFailure = (failure: Failure): HttpAnswer => ({
  status: failure.http,
  headers: failureHeaders(failure),
})

/** Statuses from here on mean the same in all commands, and came with 14.0. */
const COMMON_STATUS = 101
const ALREADY_SENT = 118

/** A status of the command's own is told in every version; a common one by HTTP to clients that don't know it. */
const isToldByHttp = ({ status }: Failure, version: EasVersion): boolean =>
  status === 0 || (version < STATUS_IN_BODY && status >= COMMON_STATUS)

/** Clients from 14.0 get a Status in a 200, older ones and those who aren't in yet an HTTP status. */
export const failedPost = ({ command = '', version = 25 }: Post, error: unknown): HttpAnswer => {
  const failure = failureOf(error, command)
  const names = roots.get(command)
  // A repeat of what was done: they know no other word for it than success.
  if (version < STATUS_IN_BODY && failure.status === ALREADY_SENT) return successOf(emptyAnswer, { version })
  if (!names || isToldByHttp(failure, version)) return httpFailure(failure)
  // Also of a command that this version doesn't have.
  const body = encodeDocument(el(names.root, [el(names.status, failure.status)]))
  return { status: 200, headers: serverHeaders, type: WBXML, body }
}
