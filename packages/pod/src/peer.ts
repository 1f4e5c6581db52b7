import {
  createGrpcClient,
  createHealthProbe,
  type HealthProbe,
  MAX_PEER_MESSAGE_BYTES,
  type PeerTls,
  type ServiceClient,
  type ServiceDefinition,
} from '@relais/service-kit'

export type Peer<Definition extends ServiceDefinition> = {
  readonly client: ServiceClient<Definition>
  readonly probe: HealthProbe
  close(): void
}

/** Another service at `host:port`. It connects by itself, again whenever the connection is lost. */
export const connectPeer = <Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  tls: PeerTls,
): Peer<Definition> => {
  const client = createGrpcClient(definition, address, { tls, maxMessageBytes: MAX_PEER_MESSAGE_BYTES })
  const probe = createHealthProbe(address, tls)
  return {
    client,
    probe,
    close: () => {
      client.close()
      probe.close()
    },
  }
}
