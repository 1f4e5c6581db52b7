import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { parseRequestLine } from '@relais/device-sync/http/request-line.ts'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import type { WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import type { Credentials } from '@relais/testing'
import type { Command } from '../eas/effects.ts'
import { quiet } from '../eas/scripted-server.fixture.ts'

export type Seen = {
  readonly command: Command | 'OPTIONS'
  readonly headers: IncomingMessage['headers']
  readonly url: string
  readonly body: WbxmlNode | undefined
}

/** Answers instead, where it wants to; true: it did. */
export type Trouble = (seen: Seen, response: ServerResponse) => boolean

export type EmptyServer = {
  readonly seen: Seen[]
  readonly port: number
  readonly url: string
  readonly server: Server
}

/** A server that has no mail, and lets what waits wait; over TLS where it has a certificate. */
export const emptyServer = async (
  context: TestContext,
  trouble: Trouble = () => false,
  credentials?: Credentials,
): Promise<EmptyServer> => {
  const seen: Seen[] = []
  const hear = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = seenIn(request, Buffer.concat(chunks))
      seen.push(one)
      if (!trouble(one, response)) answer(response, one)
    })
  }
  const server =
    credentials === undefined
      ? createServer(hear)
      : createTlsServer({ cert: credentials.certificate, key: credentials.key }, hear)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const scheme = credentials === undefined ? 'http' : 'https'
  return { seen, port, url: `${scheme}://127.0.0.1:${port}`, server }
}

const seenIn = ({ url = '', method, headers }: IncomingMessage, body: Buffer): Seen => {
  const [path = '', query = ''] = url.split('?')
  return {
    command: method === 'OPTIONS' ? 'OPTIONS' : (parseRequestLine(query).command as Command),
    headers,
    url: path,
    body: body.length === 0 ? undefined : decodeWbxml(body),
  }
}

const answer = (response: ServerResponse, { command, body }: Seen): void => {
  const waits =
    command === 'Ping' || (command === 'Sync' && /HeartbeatInterval/.test(JSON.stringify(body) ?? ''))
  if (waits) return
  const scripted = quiet({ kind: 'ask', command, body: undefined, patience: 1, isHeld: false }, body)
  const bytes =
    scripted !== undefined && 'tag' in scripted ? Buffer.from(encodeWbxml(scripted)) : Buffer.alloc(0)
  response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes)
}
