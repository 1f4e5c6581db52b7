import { after, before, describe } from 'node:test'
import {
  createGrpcClient,
  createGrpcServer,
  createLocalClient,
  type Implementation,
  type Logger,
  type ServiceClient,
  type ServiceDefinition,
  serve,
} from '@relais/service-kit'
import { cleanUp } from './clean-up.ts'

/** One of the two ways to call a service, for tests that must hold on both. */
export type Transport<Definition extends ServiceDefinition> = {
  readonly name: 'local' | 'grpc'
  /** A client of the suite's implementation; there once the suite's tests run. */
  readonly client: ServiceClient<Definition>
  /** A client of another implementation, closed at the end of the suite. */
  connect(implementation: Implementation<Definition>, logger?: Logger): Promise<ServiceClient<Definition>>
}

type Made<T> = T | (() => T | Promise<T>)

/**
 * Declares the same tests twice: in process, and over gRPC on a free loopback port whose peers are trusted.
 * The implementation may be made by a function, which is called before the first test of each transport.
 */
export const forBothTransports = <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Made<Implementation<Definition>>,
  tests: (transport: Transport<Definition>) => void,
): void => {
  for (const name of ['local', 'grpc'] as const) {
    describe(`${definition.name} over ${name}`, () => tests(suite(name, definition, implementation)))
  }
}

const suite = <Definition extends ServiceDefinition>(
  name: 'local' | 'grpc',
  definition: Definition,
  implementation: Made<Implementation<Definition>>,
): Transport<Definition> => {
  const connections = cleanUp(after)
  let client: ServiceClient<Definition> | undefined
  const connect = async (service: Implementation<Definition>, logger?: Logger) =>
    name === 'local'
      ? createLocalClient(definition, service, { logger })
      : connections.add(await overGrpc(definition, service, logger))
  before(async () => {
    client = await connect(typeof implementation === 'function' ? await implementation() : implementation)
  })
  return {
    name,
    connect,
    get client() {
      if (client === undefined) throw new Error('the client is there once the tests run')
      return client
    },
  }
}

const overGrpc = async <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
  logger: Logger | undefined,
) => {
  const server = createGrpcServer({
    services: [serve(definition, implementation)],
    authenticate: () => 'trusted',
    logger,
  })
  const { port } = await server.listen('127.0.0.1', 0)
  const client = createGrpcClient(definition, `127.0.0.1:${port}`)
  const close = async () => {
    client.close()
    await server.drain(1_000)
  }
  return { value: client as ServiceClient<Definition>, close }
}
