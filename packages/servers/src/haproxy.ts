import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { installedProgram } from './installed-program.ts'
import { type ServerProcess, startServer } from './server-process.ts'

/** One of the servers that requests are shared between. */
export type Backend = {
  readonly name: string
  /** Port of loopback that takes requests. */
  readonly port: number
  /** Port of loopback where GET /readyz says whether it may be sent any. */
  readonly healthPort: number
}

export type HaproxyOptions = {
  /** Holds configuration and log. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  readonly backends: readonly Backend[]
}

/** HAProxy in front of servers that hold requests for up to an hour. */
export type Haproxy = ServerProcess & { readonly port: number }

/** Path of HAProxy, which isn't built here but installed. Errors: ProgramMissingError that says how. */
export const findHaproxy = (): Promise<string> => installedProgram('haproxy')

/**
 * Phones' connections are held for an hour; a server that drains gets no new request; a request whose phone went away ends at the server too.
 * A request whose connection ended without an answer goes to another server: phones' requests are made to be repeated. Who signs in alike comes to
 * the server that knows it (docs/adr/0021-an-account-comes-to-the-same-device-sync.md).
 */
const configuration = (port: number, backends: readonly Backend[]): string => `
defaults
  mode http
  timeout connect 2s
  timeout client 65m
  timeout server 65m
  timeout http-request 30s
  timeout http-keep-alive 75s
  timeout queue 5s
  option redispatch
  option abortonclose
  option forwardfor
  retries 2
  retry-on conn-failure empty-response
frontend phones
  bind 127.0.0.1:${port}
  default_backend device-syncs
backend device-syncs
  balance hdr(Authorization)
  hash-type consistent sdbm avalanche
  hash-balance-factor 125
  option httpchk GET /readyz
  http-error status 503 content-type text/plain string "No server can take the request now.\\n" hdr Retry-After 30
  timeout check 5s
  default-server inter 500ms fastinter 250ms fall 2 rise 1 weight 100
${backends.map(({ name, port, healthPort }) => `  server ${name} 127.0.0.1:${port} check port ${healthPort}`).join('\n')}
`

/** Starts HAProxy. Errors: ProgramMissingError that says what to install. */
export const startHaproxy = async (options: HaproxyOptions): Promise<Haproxy> => {
  const { folder, backends, port = (await freePorts(1))[0] ?? 0 } = options
  const program = await findHaproxy()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, configuration(port, backends))
  const server = await startServer({
    name: 'haproxy',
    program,
    args: ['-db', '-f', file],
    logFile: join(folder, 'haproxy.log'),
    ready: () => isListening(port),
  })
  return Object.assign(server, { port })
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
