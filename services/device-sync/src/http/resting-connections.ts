import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What Node's HTTP server hangs on a connection beyond what its types say. */
type HttpSocket = Socket & {
  readonly server?: Server
  readonly parser?: { readonly incoming: unknown; finish(): unknown } | null
}

/**
 * What Node's HTTP server listens to on a connection, by the names of its functions. `drain` it keeps: an answer is written with it. Its
 * `close` gives back the parser.
 */
const OF_HTTP = {
  close: 'bound socketOnClose',
  data: 'bound socketOnData',
  end: 'bound socketOnEnd',
  error: 'socketOnError',
  pause: 'onSocketPause',
  resume: 'onSocketResume',
  timeout: 'socketOnTimeout',
} as const

type Listener = (...args: unknown[]) => void

/** What HTTP does as well. A connection that failed is closed next, which is what counts. */
const MEANWHILE = {
  end(this: Socket): void {
    this.end()
  },
  error(): void {},
  timeout(this: Socket): void {
    this.destroy()
  },
} as const

/** A connection whose request waits, and then, once that is answered, one that waits for its next request. */
class RestingConnection {
  readonly #socket: Socket
  readonly #over: (again: boolean) => void
  answered = false

  constructor(socket: Socket, response: ServerResponse, over: (again: boolean) => void) {
    this.#socket = socket
    this.#over = over
    response.once('finish', this.#onAnswered)
    socket.on('readable', this.#heard).on('close', this.#gone)
    for (const [event, listener] of Object.entries(MEANWHILE)) socket.on(event, listener)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** By now Node has said how long the connection may be idle, or has ended it. */
  readonly #onAnswered = () => {
    this.answered = true
    this.#heard()
  }

  /** Whoever speaks before the answer is heard after it (RFC 9112, 9.3.2). The end of a stream is seen by who reads. */
  readonly #heard = () => {
    const socket = this.#socket
    if (socket.readableLength === 0) socket.read()
    else if (this.answered && socket.writable) this.#end(true)
  }

  readonly #gone = () => this.#end(false)

  #end(again: boolean): void {
    const socket = this.#socket
    socket.off('readable', this.#heard).off('close', this.#gone).setTimeout(0)
    for (const [event, listener] of Object.entries(MEANWHILE)) socket.off(event, listener)
    this.#over(again)
  }
}

const listenerOf = (socket: Socket, event: string, name: string): Listener | undefined =>
  socket.listeners(event).find((one) => one.name === name) as Listener | undefined

/** The listeners of Node's HTTP server; undefined if they aren't the ones known here. */
const listenersOf = (socket: Socket): ReadonlyMap<string, Listener> | undefined => {
  const found = new Map<string, Listener>()
  for (const [event, name] of Object.entries(OF_HTTP)) {
    const listener = listenerOf(socket, event, name)
    if (!listener) return undefined
    found.set(event, listener)
  }
  return found
}

/** Has come whole, is the last that came, and waits for nobody's answer before its own. */
const isAlone = (socket: HttpSocket, request: IncomingMessage, response: ServerResponse): boolean =>
  request.complete &&
  request.readableEnded &&
  request.destroyed &&
  response.socket === socket &&
  !response.headersSent &&
  socket.parser?.incoming === request &&
  socket.parser.finish() === undefined

/** Node's HTTP server is told that the connection is closed: it gives back what it needs to read from it, and answers all the same. */
const takeFromHttp = (socket: Socket, listeners: ReadonlyMap<string, Listener>): void => {
  for (const [event, listener] of listeners) socket.off(event, listener)
  listeners.get('close')?.call(socket)
}

/**
 * Lets go of what a connection needs to read its next request while one of its requests waits: Node's parser takes 10 KiB, and what goes
 * with it 3 more. The next request is read with a new parser, once it comes.
 */
export class RestingConnections {
  readonly #resting = new Set<RestingConnection>()
  readonly #begin: (socket: Socket) => void

  /** `begin`: makes HTTP read from a connection. */
  constructor(begin: (socket: Socket) => void) {
    this.#begin = begin
  }

  /** The request waits for its answer. Without effect where its client has said more already, or where it isn't known how. */
  rest(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket as HttpSocket
    if (socket.destroyed || !isAlone(socket, request, response)) return
    const listeners = listenersOf(socket)
    if (!listeners) return
    takeFromHttp(socket, listeners)
    const resting = new RestingConnection(socket, response, (again) => {
      this.#resting.delete(resting)
      if (again) this.#beginAnew(socket)
    })
    this.#resting.add(resting)
  }

  #beginAnew(socket: Socket): void {
    const drain = listenerOf(socket, 'drain', 'bound socketOnDrain')
    if (drain) socket.off('drain', drain)
    this.#begin(socket)
  }

  /** Ends those that only wait for another request. */
  closeIdle(): void {
    for (const one of this.#resting) if (one.answered) one.destroy()
  }

  closeAll(): void {
    for (const one of this.#resting) one.destroy()
  }
}

const ofServers = new WeakMap<object, RestingConnections>()

/** Connections of this server rest while their requests wait; `event`: by which the server is told of connections that speak HTTP. */
export const letConnectionsRest = (
  server: Server,
  event: 'connection' | 'secureConnection',
): RestingConnections => {
  const [begin] = server.listeners(event) as [(socket: Socket) => void]
  const connections = new RestingConnections((socket) => begin.call(server, socket))
  ofServers.set(server, connections)
  return connections
}

/** Lets the connection of a request that waits rest, if its server's do. */
export const rest = (request: IncomingMessage, response: ServerResponse): void => {
  const { server } = request.socket as HttpSocket
  if (server) ofServers.get(server)?.rest(request, response)
}
