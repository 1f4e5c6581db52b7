import { jetStreamContract, oneServer, TWO_ACCOUNTS } from './servers.fixture.ts'

const { server } = oneServer(TWO_ACCOUNTS)

jetStreamContract('JetStream on one server', () => ({
  servers: [server().url],
  monitoring: [server().monitor],
  replicas: 1,
}))
