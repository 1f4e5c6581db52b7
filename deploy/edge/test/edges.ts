import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts, ProgramMissingError, startServer } from '@relais/servers'
import { installedProgram } from '@relais/servers/installed-program.ts'
import { createAuthority, type TestScope } from '@relais/testing'

/** Lines of an example, and what takes their place. Each must be there exactly once. */
export type Changes = Readonly<Record<string, string>>

export type Edge = {
  readonly name: 'haproxy' | 'nginx'
  /** What its maker or Debian's package has it wait for a silent server, if nothing else is said: seconds, and the changes that bring that back. */
  readonly defaultWait: { readonly seconds: number; readonly changes: Changes }
  /** Each of these waits is what an hour-long request needs: the example with one of them at a second. */
  readonly cut: Changes
  /** What its own limit on a request's size would be. */
  readonly small: Changes | undefined
  /** The example with another server beside its one. */
  beside(port: number): Changes
}

export const EDGES: readonly Edge[] = [
  {
    name: 'haproxy',
    defaultWait: {
      seconds: 50,
      changes: { 'timeout client 65m': 'timeout client 50s', 'timeout server 65m': 'timeout server 50s' },
    },
    cut: { 'timeout server 65m': 'timeout server 1s' },
    small: undefined,
    beside: (port) => ({ 'rise 1 weight 100': `rise 1 weight 100\n  server other 127.0.0.1:${port} check` }),
  },
  {
    name: 'nginx',
    defaultWait: { seconds: 60, changes: { 'proxy_read_timeout 65m;': '' } },
    cut: { 'proxy_read_timeout 65m;': 'proxy_read_timeout 1s;' },
    small: { 'client_max_body_size 80m;': '' },
    beside: (port) => ({ 'hash $caller consistent;': `hash $caller consistent; server 127.0.0.1:${port};` }),
  },
]

export type RunningEdge = {
  readonly address: { readonly host: string; readonly port: number; readonly secure: true }
  /** What it wrote down of requests so far. */
  log(): string
  stop(): Promise<void>
}

export type EdgeOptions = {
  readonly folder: string
  /** Where Relais is. */
  readonly relais: number
  readonly changes?: Changes
}

/** The text of an example with some of its lines replaced. */
export const changed = (text: string, changes: Changes): string =>
  Object.entries(changes).reduce((now, [line, other]) => {
    if (now.split(line).length !== 2) throw new Error(`the example says "${line}" not exactly once`)
    return now.replace(line, () => other)
  }, text)

export const example = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

/** Why an edge can't be started here, or false. */
export const missing = async ({ name }: Edge): Promise<string | false> =>
  installedProgram(name).then(
    () => false,
    (error: unknown) => {
      if (error instanceof ProgramMissingError) return error.message
      throw error
    },
  )

/** Starts an edge with the example's own configuration: only its place on this machine and `changes` differ. Ends with the test. */
export const startEdge = async (scope: TestScope, edge: Edge, options: EdgeOptions): Promise<RunningEdge> => {
  const folder = join(
    options.folder,
    `${edge.name}-${options.relais}-${Object.keys(options.changes ?? {}).length}`,
  )
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o711)
  const [port = 0] = await freePorts(1)
  const place = { folder, port, relais: options.relais }
  const [file, args, log] = await FORMS[edge.name](place, options.changes ?? {})
  const server = await startServer({
    name: edge.name,
    program: await installedProgram(edge.name),
    args: [...args, file],
    logFile: join(folder, 'said.log'),
    ready: () => isListening(port),
  })
  scope.after(() => server.stop())
  return {
    address: { host: '127.0.0.1', port, secure: true },
    log: () => readFileSync(log, 'utf8'),
    stop: () => server.stop(),
  }
}

type Place = { readonly folder: string; readonly port: number; readonly relais: number }
type Form = (
  place: Place,
  changes: Changes,
) => Promise<readonly [file: string, args: readonly string[], log: string]>

const haproxy: Form = async ({ folder, port, relais }, changes) => {
  const { certificate, key } = await credentials()
  const pem = join(folder, 'relais.pem')
  writeFileSync(pem, `${certificate}\n${key}`, { mode: 0o600 })
  const file = join(folder, 'haproxy.cfg')
  const text = changed(changed(example('haproxy.cfg'), changes), {
    'bind :443 ssl crt /etc/haproxy/relais.pem': `bind 127.0.0.1:${port} ssl crt ${pem}`,
    'maxconn 50000': 'maxconn 500',
    'server relais 127.0.0.1:8080 check': `server relais 127.0.0.1:${relais} check`,
  })
  writeFileSync(file, text)
  return [file, ['-db', '-f'], join(folder, 'said.log')]
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'] as const

const nginx: Form = async ({ folder, port, relais }, changes) => {
  const { certificate, key } = await credentials()
  writeFileSync(join(folder, 'relais.crt'), certificate)
  writeFileSync(join(folder, 'relais.key'), key, { mode: 0o600 })
  const log = join(folder, 'access.log')
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ')
  const file = join(folder, 'nginx.conf')
  const text = changed(changed(example('nginx.conf'), changes), {
    'user www-data;': `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off;`,
    'pid /run/nginx.pid;': `pid ${join(folder, 'nginx.pid')};`,
    'worker_processes auto;': 'worker_processes 1;',
    'worker_rlimit_nofile 131072;': '',
    'worker_connections 65536;': 'worker_connections 512;',
    'http {\n': `http { ${temporary}\n`,
    'access_log /var/log/nginx/relais.log': `access_log ${log}`,
    'server 127.0.0.1:8080;': `server 127.0.0.1:${relais};`,
    'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
    'listen [::]:443 ssl;': '',
    'ssl_certificate /etc/nginx/tls/relais.crt;': `ssl_certificate ${join(folder, 'relais.crt')};`,
    'ssl_certificate_key /etc/nginx/tls/relais.key;': `ssl_certificate_key ${join(folder, 'relais.key')};`,
  })
  writeFileSync(file, text)
  return [file, ['-p', folder, '-c'], log]
}

const FORMS: Readonly<Record<Edge['name'], Form>> = { haproxy, nginx }

const credentials = async () => {
  const authority = await createAuthority('an edge in a test')
  return authority.issue('localhost')
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
