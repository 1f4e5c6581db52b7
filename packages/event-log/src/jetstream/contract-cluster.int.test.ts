import { jetStreamContract, threeServers } from './servers.fixture.ts'

const { cluster } = threeServers()

jetStreamContract('JetStream on three servers', () => ({
  servers: cluster().urls,
  monitoring: cluster().servers.map(({ monitor }) => monitor),
  replicas: 3,
}))
