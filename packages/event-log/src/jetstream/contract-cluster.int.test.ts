import { jetStreamContract, TWO_ACCOUNTS, threeServers } from './servers.fixture.ts'

const { cluster } = threeServers(TWO_ACCOUNTS)

jetStreamContract('JetStream on three servers', () => ({
  servers: cluster().urls,
  monitoring: cluster().servers.map(({ monitor }) => monitor),
  replicas: 3,
}))
