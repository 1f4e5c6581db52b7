import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  InstallationDefinition,
  type InstallationServiceImplementation,
} from '@relais/proto/standalone/v1/installation.ts'
import {
  type Call,
  CertificateSource,
  createGrpcClient,
  createLogger,
  serve,
  serviceUri,
} from '@relais/service-kit'
import { type Authority, temporaryFolder } from '@relais/testing'
import { type Opened, type Pod, type PodConfiguration, ServicePod } from '../src/index.ts'

export const STATUS = { version: '1', startedAt: 0, head: 0, heldRequests: 0, services: [] }

export const installation = (
  status: InstallationServiceImplementation<Call>['status'] = async () => STATUS,
): InstallationServiceImplementation<Call> => ({
  async *backup() {},
  status,
})

export const opened = (implementation = installation(), more: Partial<Opened> = {}): Opened => ({
  services: [serve(InstallationDefinition, implementation)],
  callers: ['caller'],
  ...more,
})

export type TestPodOptions = {
  readonly name?: string
  readonly authority: Authority
  readonly configuration?: Partial<PodConfiguration>
  readonly open?: (pod: Pod) => Promise<Opened>
}

/** Writes certificate, key and CA of a service into the files that a pod reads. */
export const writeCertificate = async (
  folder: string,
  name: string,
  { authority, ca = authority.ca }: { authority: Authority; ca?: string },
) => {
  const files = {
    certificate: join(folder, 'tls.crt'),
    key: join(folder, 'tls.key'),
    ca: join(folder, 'ca.crt'),
  }
  const { certificate, key } = await authority.issue(name, { uris: [serviceUri(name)] })
  writeFileSync(files.key, key)
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.ca, ca)
  return files
}

/** A pod of a service on free ports, stopped at the end of the test; not yet started. */
export const testPod = async (context: TestContext, options: TestPodOptions) => {
  const { name = 'served', authority, configuration = {}, open = async () => opened() } = options
  const folder = await temporaryFolder(context)
  const lines: string[] = []
  const pod = new ServicePod({
    name,
    logger: createLogger({ name, destination: { write: (line) => lines.push(line) } }),
    configuration: {
      ...{
        telemetry: { endpoint: '', sampleRatio: 0 },
        host: '127.0.0.1',
        grpcPort: 0,
        healthPort: 0,
        logLevel: 'info',
        graceSeconds: 5,
        unreadySeconds: 0,
      },
      tls: await writeCertificate(folder, name, { authority }),
      readyFile: undefined,
      ...configuration,
    },
    open,
  })
  context.after(() => pod.stop())
  const probe = async (path: string) => {
    const response = await fetch(`${pod.addresses.health}${path}`)
    return { status: response.status, text: await response.text() }
  }
  const probes = async () =>
    Object.fromEntries(
      await Promise.all(
        ['livez', 'readyz', 'startupz'].map(async (name) => [name, (await probe(`/${name}`)).status]),
      ),
    )
  return { pod, folder, lines, probe, probes }
}

/** A client with a certificate of its own. */
export const clientOf = async (
  context: TestContext,
  address: string | undefined,
  {
    authority,
    name = 'caller',
    service = 'served',
  }: { authority: Authority; name?: string; service?: string },
) => {
  const { certificate, key } = await authority.issue(name, { uris: [serviceUri(name)] })
  const certificates = new CertificateSource({ certificate, key, clientCa: authority.ca })
  const client = createGrpcClient(InstallationDefinition, address ?? '', {
    tls: { certificates, service },
    timeoutMs: 5_000,
  })
  context.after(() => client.close())
  return client
}
