import {
  createServer as createHttpServer,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type RequestListener,
  ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { easServerOptions } from './endpoint-config.ts'
import { beginWithFirstWords } from './first-words.ts'
import { letConnectionsRest } from './resting-connections.ts'

type Certificate = { readonly cert: string; readonly key: string }

/** The HTTP(S) server that phones come to. */
export type PhoneServer = {
  /** Port 0: any free one. Errors: those of the operating system. */
  listen(host: string, port: number): Promise<{ readonly port: number }>
  /** For new connections; without effect where there is no TLS. */
  replaceCertificate(certificate: Certificate): void
  /** From now on each answer is the last one on its connection, and says so: phones and proxies make the next one elsewhere. */
  leave(): void
  /** Leaves, and takes no new connections; idle ones are closed, those with a request once it is answered. Resolves when none is left. */
  drain(): Promise<void>
  /** Whatever still goes on ends. */
  close(): void
}

/** Phones that lost their connections come back all at once: so many may stand in the queue. */
const BACKLOG = 8192

/** Of a connection that has no request: while draining there is none for it. */
const CLOSE_IDLE_MS = 25

/**
 * HTTP/1.1 for whoever asks for a protocol by name (RFC 7301). Given as a list, Node would keep a copy of it with every connection, and with
 * the copy the 64 KiB that it was cut from.
 */
const chooseProtocol = ({ protocols }: { protocols: string[] }): string | undefined =>
  protocols.find((protocol) => protocol === 'http/1.1')

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/**
 * Answers that end their connections from some moment on, also those to requests that came before. By itself Node says keep-alive while it
 * closes: a phone that waits again at once would be cut off (RFC 9112, 9.6).
 */
const lastAnswers = () => {
  let leaving = false
  class Answer<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, ...[reason, headers]: [(string | Headers)?, Headers?]): this {
      if (leaving) this.shouldKeepAlive = false
      return typeof reason === 'string'
        ? super.writeHead(status, reason, headers)
        : super.writeHead(status, reason)
    }
  }
  return {
    ServerResponse: Answer,
    begin: () => {
      leaving = true
    },
  }
}

const OLDEST_TLS = { minVersion: 'TLSv1.2' } as const

/** Without a certificate it speaks HTTP: on loopback, or behind a proxy that does TLS. */
export const createPhoneServer = (
  listener: RequestListener,
  certificate: Certificate | undefined,
): PhoneServer => {
  const { ServerResponse, begin: leave } = lastAnswers()
  const secure =
    certificate &&
    createHttpsServer(
      { ...easServerOptions, ...certificate, ...OLDEST_TLS, ALPNCallback: chooseProtocol, ServerResponse },
      listener,
    )
  const server = secure ?? createHttpServer({ ...easServerOptions, ServerResponse }, listener)
  const beginnings = secure && beginWithFirstWords(secure)
  const resting = letConnectionsRest(server, secure ? 'secureConnection' : 'connection')
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, BACKLOG, () => {
          server.off('error', reject)
          resolve({ port: (server.address() as AddressInfo).port })
        })
      }),
    replaceCertificate: (next) => secure?.setSecureContext({ ...next, ...OLDEST_TLS }),
    leave,
    drain: () =>
      new Promise((resolve) => {
        leave()
        beginnings?.silence()
        const closing = setInterval(() => {
          server.closeIdleConnections()
          resting.closeIdle()
        }, CLOSE_IDLE_MS)
        server.close(() => {
          clearInterval(closing)
          resolve()
        })
      }),
    close: () => {
      beginnings?.silence()
      server.closeAllConnections()
      resting.closeAll()
    },
  }
}
