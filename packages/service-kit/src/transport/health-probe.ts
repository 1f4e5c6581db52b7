import { createChannel, createClient } from 'nice-grpc'
import { retryable } from '../errors.ts'
import { connectionOf, type PeerTls } from './client-tls.ts'
import { limitsOf, MAX_MESSAGE_BYTES, STEADY } from './grpc-channel.ts'
import { fromClientError } from './grpc-status.ts'
import { HealthDefinition } from './health-definition.ts'

/** Asks a peer whether it serves. */
export type HealthProbe = {
  /** Resolves if it does. Errors, retryable: UNAVAILABLE where it says no or can't be reached, DEADLINE_EXCEEDED after so long. */
  check(timeoutMs: number): Promise<void>
  close(): void
}

type HealthClient = { Check(request: object, options: object): Promise<{ readonly status: string }> }

/** The gRPC health service of a peer (`host:port`), over a connection of its own. */
export const createHealthProbe = (address: string, tls: PeerTls | undefined): HealthProbe => {
  const { credentials, options } = connectionOf(address, tls)
  const channel = createChannel(address, credentials, {
    ...limitsOf(MAX_MESSAGE_BYTES),
    ...STEADY,
    ...options,
  })
  const client = createClient(HealthDefinition, channel) as unknown as HealthClient
  return {
    check: async (timeoutMs) => {
      const status = await statusIn(client, timeoutMs)
      if (status !== 'SERVING') throw retryable('UNAVAILABLE', 'the service does not serve now')
    },
    close: () => channel.close(),
  }
}

const statusIn = async (client: HealthClient, timeoutMs: number): Promise<string> => {
  try {
    return (await client.Check({ service: '' }, { signal: AbortSignal.timeout(timeoutMs) })).status
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      throw retryable('DEADLINE_EXCEEDED', 'it does not answer')
    throw fromClientError(error, undefined)
  }
}
