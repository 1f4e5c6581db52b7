import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DeviceSyncClient, DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { type DirectoryClient, DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { type MailClient, MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import {
  type MailTransportClient,
  MailTransportDefinition,
} from '@relais/proto/mail_transport/v1/mail_transport.ts'
import { type InstallationClient, InstallationDefinition } from '@relais/proto/standalone/v1/installation.ts'
import { type CallExtras, createGrpcClient } from '@relais/service-kit'
import { UsageError } from './usage-error.ts'

/** Where the installation is and how its administrator shows who they are. */
export type ConnectionOptions = {
  /** URL of the administration surface. */
  readonly server?: string
  readonly token?: string
  /** Certificate (PEM) to trust, for a generated one. */
  readonly ca?: string
  /** Data folder of a Relais on this machine; says server and token by itself. */
  readonly data: string
}

export type Connection = {
  readonly directory: DirectoryClient<CallExtras>
  readonly mail: MailClient<CallExtras>
  readonly mailTransport: MailTransportClient<CallExtras>
  readonly deviceSync: DeviceSyncClient<CallExtras>
  readonly installation: InstallationClient<CallExtras>
  close(): void
}

export type Endpoint = { readonly url: string; readonly token: string; readonly ca?: string }

/** Errors: {@link UsageError} that says what to give. */
export const endpointOf = (options: ConnectionOptions): Endpoint => {
  const ca = options.ca === undefined ? undefined : readFile(options.ca)
  if (options.server !== undefined && options.token !== undefined)
    return { url: checkedUrl(options.server), token: options.token, ca }
  const running = readRunning(options.data)
  return {
    url: checkedUrl(options.server ?? running.admin),
    token: options.token ?? running.token,
    ca: ca ?? running.ca,
  }
}

type Running = { readonly admin: string; readonly token: string; readonly ca?: string }

const readRunning = (data: string): Running => {
  const file = join(data, 'running.json')
  if (!existsSync(file))
    throw new UsageError(`no Relais runs on the data folder ${data}: give --data, or --server and --token`)
  const running = parseJson(readFile(file))
  if (isRunning(running)) return running
  throw new UsageError(`${file} doesn't say where Relais runs: give --server and --token`)
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller says which file it is
  }
}

const isRunning = (value: unknown): value is Running =>
  typeof value === 'object' &&
  value !== null &&
  'admin' in value &&
  typeof value.admin === 'string' &&
  'token' in value &&
  typeof value.token === 'string'

const readFile = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

const checkedUrl = (text: string): string => {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`${text} isn't a URL such as https://mail.example:8090`)
  return text
}

/** Clients of every service's administration calls. They connect at the first call. */
export const connect = ({ url, token, ca }: Endpoint): Connection => {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  const options = { token, tls: secure ? { ca } : undefined }
  const address = `${hostname}:${port || (secure ? 443 : 80)}`
  const clients = {
    directory: createGrpcClient(DirectoryDefinition, address, options),
    mail: createGrpcClient(MailDefinition, address, options),
    mailTransport: createGrpcClient(MailTransportDefinition, address, options),
    deviceSync: createGrpcClient(DeviceSyncDefinition, address, options),
    installation: createGrpcClient(InstallationDefinition, address, options),
  }
  const close = () => {
    for (const client of Object.values(clients)) client.close()
  }
  return { ...clients, close }
}
