import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DirectoryClient, DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import {
  type MailTransportClient,
  MailTransportDefinition,
} from '@relais/proto/mail_transport/v1/mail_transport.ts'
import { type CallExtras, CertificateSource, createGrpcClient } from '@relais/service-kit'
import { World, type WorldClients } from '../../../../services/standalone/test/phones/world.ts'
import type { Cluster } from '../../src/cluster.ts'

/** The cluster as phones see it, through a way in that may be hurt, and as its services see each other. */
export class FaultedWorld extends World {
  readonly urls: readonly string[]
  readonly clients: WorldClients
  /** As an administrator's program asks, with the token. */
  readonly administration: DirectoryClient<CallExtras>
  readonly queue: MailTransportClient<CallExtras>
  readonly #closing: readonly { close(): void }[]

  constructor({ data, ports, services }: Cluster, phonesPort: number) {
    super()
    const file = (name: string) => readFileSync(join(data, name), 'utf8')
    const certificates = new CertificateSource({
      certificate: file('certificates/device-sync.crt'),
      key: file('certificates/device-sync.key'),
      clientCa: file('certificates/ca.crt'),
    })
    const at = (service: string) => `127.0.0.1:${services.find(({ name }) => name === service)?.grpc}`
    const peer = (service: string) => ({ tls: { certificates, service } })
    const directory = createGrpcClient(DirectoryDefinition, at('directory'), peer('directory'))
    const mail = createGrpcClient(MailDefinition, at('mail'), peer('mail'))
    const token = file('keys/administrator').trim()
    const operator = { token, tls: { ca: file('certificates/ca.crt') } }
    const administration = createGrpcClient(DirectoryDefinition, `localhost:${ports.admin}`, operator)
    const queue = createGrpcClient(MailTransportDefinition, `localhost:${ports.admin}`, operator)
    this.urls = [`http://127.0.0.1:${phonesPort}`]
    this.clients = { directory, mail }
    this.administration = administration
    this.queue = queue
    this.#closing = [directory, mail, administration, queue]
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    for (const client of this.#closing) client.close()
  }
}
