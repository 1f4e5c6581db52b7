import type { ServerOptions } from 'node:http'

/** What an operator may set; bytes and milliseconds. */
export type EasEndpointConfig = {
  /** URL under which phones reach this server, e.g. "https://mail.example.org"; '': what the request's Host says. */
  readonly publicUrl: string
  /** Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly trustedProxies: readonly string[]
  /** Largest message a phone may send. */
  readonly maxMessageBytes: number
  /** Largest body of every other request. */
  readonly maxRequestBytes: number
  /** Memory that large bodies may take together. */
  readonly maxBodiesBytes: number
  /** Requests being worked on at once (held ones don't count); half as many of those whose credential isn't known yet. */
  readonly maxRequests: number
  /** Requests of each of both that stand in line meanwhile; more are answered 503. */
  readonly maxRequestsInLine: number
  /** Who has stood in line for so long is answered 503. */
  readonly maxInLineMs: number
  /** Of answers that phones are still to take, of each of both; beyond, no request is begun. */
  readonly maxUntakenBytes: number
  /** Devices of one account (Status 177). */
  readonly maxDevices: number
  /** Repeats of one request by one device, beyond one in ten seconds, before it is slowed down; 0: any number. */
  readonly maxRepeats: number
  /** A client that sends nothing of its body for so long counts as gone. */
  readonly bodyIdleMs: number
}

export const defaultEasConfig: EasEndpointConfig = {
  publicUrl: '',
  trustedProxies: [],
  maxMessageBytes: 50 * 1024 * 1024,
  maxRequestBytes: 8 * 1024 * 1024,
  maxBodiesBytes: 160 * 1024 * 1024,
  maxRequests: 64,
  maxRequestsInLine: 4_000,
  maxInLineMs: 20_000,
  maxUntakenBytes: 48 * 1024 * 1024,
  maxDevices: 100,
  maxRepeats: 60,
  bodyIdleMs: 60_000,
}

/**
 * Options of the HTTP(S) server that carries the endpoint. No limit on how long a request takes: a phone's may wait an hour.
 * Idle connections stay open longer than proxies' usual minute, so that a proxy never meets one that is just being closed.
 */
export const easServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 10_000,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 300_000,
} as const satisfies ServerOptions
