import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { pinnedProgram } from './pinned-program.ts'
import { type ServerProcess, startServer } from './server-process.ts'

export type S3Options = {
  /** Holds `data` (a folder a bucket, a file an object) and the log; gone on with if it is there. */
  readonly folder: string
  /** Default: a free one, the same at each start. */
  readonly port?: number
  /** Made at the first start. */
  readonly bucket?: string
  /** Linux: the data lies on a disk of so many bytes that the server alone sees, in memory: it ends with the server. */
  readonly diskBytes?: number
  /** Files with the server's certificate and key in PEM. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}

/** A real S3 server (versitygw) over a folder, that can be hurt and started again in the same place. */
export type S3Server = {
  readonly endpoint: string
  readonly port: number
  readonly region: string
  readonly bucket: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Where the bucket's objects lie as files of their keys' names. */
  readonly bucketFolder: string
  running(): boolean
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
}

const BUCKET = 'relais'
const REGION = 'eu-central-1'
const CREDENTIALS = { accessKeyId: 'relais', secretAccessKey: 'only-for-tests' } as const

/** Starts versitygw over a folder. Errors: `ProgramMissingError`; one line that says why it doesn't start. */
export const startS3 = async (options: S3Options): Promise<S3Server> => {
  const { folder, bucket = BUCKET, port = (await freePorts(1))[0] ?? 0, tls } = options
  const program = await pinnedProgram('versitygw')
  const bucketFolder = join(folder, 'data', bucket)
  mkdirSync(bucketFolder, { recursive: true })
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  let server: ServerProcess | undefined
  const start = async () => {
    server = await startServer({
      name: 'versitygw',
      ...onDisk(options, program, argumentsOf(options, port)),
      env: environment(),
      logFile: join(folder, 'log'),
      ready: () => isListening(port),
    })
  }
  await start()
  return {
    endpoint,
    port,
    region: REGION,
    bucket,
    credentials: CREDENTIALS,
    bucketFolder,
    running: () => server?.running() ?? false,
    start,
    stop: async () => server?.stop(),
    kill: async () => server?.kill(),
    pause: () => server?.pause(),
    resume: () => server?.resume(),
  }
}

const argumentsOf = ({ folder, tls }: S3Options, port: number): string[] => [
  ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--keep-alive', '--quiet'],
  ...(tls ? ['--cert', tls.certFile, '--key', tls.keyFile] : []),
  ...['posix', join(folder, 'data')],
]

/** In a mount namespace of its own. */
const SMALL_DISK = 'mount -t tmpfs -o size="$1" tmpfs "$2" && mkdir "$2/$3" && shift 3 && exec "$@"'

const onDisk = ({ folder, bucket = BUCKET, diskBytes }: S3Options, program: string, args: string[]) => {
  if (diskBytes === undefined) return { program, args }
  const namespace = ['--user', '--map-root-user', '--mount', 'sh', '-c', SMALL_DISK, 'sh']
  const disk = [String(diskBytes), join(folder, 'data'), bucket]
  return { program: 'unshare', args: [...namespace, ...disk, program, ...args] }
}

const environment = () => ({
  ...process.env,
  ROOT_ACCESS_KEY: CREDENTIALS.accessKeyId,
  ROOT_SECRET_KEY: CREDENTIALS.secretAccessKey,
})

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
