import { randomBytes } from 'node:crypto'
import { type Authority, createAuthority } from '@relais/testing'
import { giveCertificates } from './certificates.ts'
import { givenCluster, imageOf, loadImages, SMALL, TAG } from './given.ts'
import { NATS_SERVERS, startServers } from './high-availability.ts'
import { Installation, type Values } from './installation.ts'
import { PASSWORD, S3_KEYS } from './operator-servers.ts'
import { makeAccounts, makeTenant } from './scene.ts'
import { PEOPLE, Stage } from './stage.ts'

const DAY_MS = 86_400_000
const TOKEN = randomBytes(24).toString('hex')

/** Beside servers that are there more than once, as an operator has them: in clear, in a namespace of their own. */
const valuesFor = (servers: string): Values => {
  const peers = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': servers } } }]
  const at = (protocol: string, port: number) =>
    NATS_SERVERS.map((name) => `${protocol}://${name}.${servers}:${port}`)
  const s3 = (key: string) => ({ name: 'relais-s3', key })
  return {
    ...SMALL,
    log: { url: at('nats', 4222).join(','), monitoring: at('http', 8222), replicas: 3 },
    rows: { urlSecret: { name: 'relais-rows', key: 'url' } },
    blobs: {
      ...{ endpoint: `http://s3.${servers}:7070`, port: 7070, region: 'us-east-1' },
      ...{ accessKeySecret: s3('accessKey'), secretKeySecret: s3('secretKey') },
    },
    secrets: {
      credentialKey: { name: 'relais-credential-key' },
      adminToken: { name: 'relais-admin-token' },
    },
    tls: { public: { secret: 'relais-public-tls' } },
    networkPolicy: { ...SMALL.networkPolicy, log: peers, rows: peers, blobs: peers },
  }
}

const makeSecrets = async (installation: Installation, servers: string, authority: Authority) => {
  const issued = await authority.issue('public', { hosts: ['relais-admin', 'localhost'] })
  const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'relais-credential-key': { key: randomBytes(32).toString('hex') },
    'relais-admin-token': { token: TOKEN },
    'relais-rows': { url: `postgres://relais:${PASSWORD}@postgres.${servers}:5432/relais` },
    'relais-s3': S3_KEYS,
    'relais-public-tls': { 'tls.crt': issued.certificate, 'tls.key': issued.key },
  }
  for (const [name, content] of Object.entries(secrets)) await installation.makeSecret(name, content)
  await giveCertificates(installation, authority)
}

/** Relais in one namespace, its servers in another one, and an account for each phone. */
export const operatorStage = async (namespace: string, servers: string): Promise<Stage> => {
  const cluster = await givenCluster()
  await loadImages(cluster)
  await startServers(cluster, servers)
  const authority = await createAuthority('the operator’s', DAY_MS)
  const installation = new Installation(cluster, namespace)
  await installation.makeNamespace()
  await makeSecrets(installation, servers, authority)
  await installation.install([valuesFor(servers), imageOf(TAG)])
  const administrator = await installation.administrator({ token: TOKEN, ca: authority.ca })
  await makeTenant(installation, administrator)
  await makeAccounts(administrator, PEOPLE)
  return new Stage(installation)
}
