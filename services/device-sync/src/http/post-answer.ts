import type { OutgoingHttpHeaders } from 'node:http'
import type { CommandAnswer } from '../commands/command.ts'
import { type Failure, failureOf } from '../commands/error-table.ts'
import { roots } from '../commands/roots.ts'
import { encodeDocument } from '../wbxml/encode.ts'
import { el } from '../wbxml/node.ts'
import type { HttpAnswer } from './http-answer.ts'
import { encodeMultipart } from './multipart.ts'
import type { Post } from './post.ts'
import { STATUS_IN_BODY } from './protocol.ts'

const WBXML = 'application/vnd.ms-sync.wbxml'
const MULTIPART = 'application/vnd.ms-sync.multipart'

/** On every answer: free-form, but clients look for it. */
export const serverHeaders = { 'MS-Server-ActiveSync': '16.1', 'Cache-Control': 'private' } as const

export const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Relais", charset="UTF-8"' } as const

export const successOf = (answer: CommandAnswer): HttpAnswer => {
  switch (answer.kind) {
    case 'empty':
      return { status: 200, headers: serverHeaders }
    case 'wbxml':
      return {
        status: 200,
        headers: { ...serverHeaders, ...answer.headers },
        type: WBXML,
        body: encodeDocument(answer.root),
      }
    case 'multipart':
      return {
        status: 200,
        headers: serverHeaders,
        type: MULTIPART,
        body: encodeMultipart(answer.root, answer.parts),
      }
  }
}

const failureHeaders = ({ http, retryAfterSeconds }: Failure): OutgoingHttpHeaders => ({
  ...serverHeaders,
  ...(http === 401 ? CHALLENGE : {}),
  ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds }),
})

/** A failure by HTTP alone, as for OPTIONS. */
export const httpFailure = (failure: Failure): HttpAnswer => ({
  status: failure.http,
  headers: failureHeaders(failure),
})

/** Clients from 14.0 get a Status in a 200, older ones and those who aren't in yet an HTTP status. */
export const failedPost = ({ command = '', version = 25 }: Post, error: unknown): HttpAnswer => {
  const failure = failureOf(error, command)
  const names = roots.get(command)
  if (failure.status === 0 || version < STATUS_IN_BODY || !names) return httpFailure(failure)
  return successOf({ kind: 'wbxml', root: el(names.root, [el(names.status, failure.status)]) })
}
