import { jetStreamContract, oneServer } from './servers.fixture.ts'

const { server } = oneServer()

jetStreamContract('JetStream on one server', () => ({
  servers: [server().url],
  monitoring: [server().monitor],
  replicas: 1,
}))
