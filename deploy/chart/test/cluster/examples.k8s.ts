import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { serverImages } from '@relais/kubernetes/images.ts'
import { type Authority, createAuthority } from '@relais/testing'
import { EXAMPLES } from '../helm.ts'
import { giveCertificates } from './certificates.ts'
import { CHECK_SECRET, givenCluster, imageOf, loadImages, TAG } from './given.ts'
import { Installation, type Values } from './installation.ts'
import { operatorServers, PASSWORD, S3_KEYS } from './operator-servers.ts'
import { defineKinds, issueCertificates } from './other-peoples-kinds.ts'
import { makeTenant } from './scene.ts'
import { SERVICES } from './stage.ts'

const DAY_MS = 86_400_000

let cluster: Cluster
let authority: Authority
const installations: Installation[] = []

before(async () => {
  cluster = await givenCluster()
  await loadImages(cluster)
  await defineKinds(cluster)
  authority = await createAuthority('the operator’s', DAY_MS)
})
after(() => {
  for (const one of installations) one.close()
})

type Example = (typeof EXAMPLES)[number]
const serversOf = (example: Example) => `${example}-servers`

/** Where this operator's servers are, whatever the example calls them; all else is as the example has it. */
const hereabouts = (example: Example): Values => {
  const host = (name: string) => `${name}.${serversOf(example)}`
  const peers = [
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': serversOf(example) } } },
  ]
  const nats = {
    url: `nats://${host('nats')}:4222`,
    monitoring: [`http://${host('nats')}:8222`],
    replicas: 1,
    credentialsSecret: { name: '' },
  }
  const s3 = { endpoint: `${example === 'regional' ? 'https' : 'http'}://${host('s3')}:7070`, port: 7070 }
  const small = { resources: { requests: { cpu: '50m', memory: '128Mi' } } }
  return {
    ...(example === 'regional' ? {} : { log: nats }),
    ...(example === 'local' ? {} : { blobs: s3 }),
    networkPolicy: { log: peers, rows: peers, blobs: peers },
    check: { account: { name: CHECK_SECRET } },
    // The test's machine is smaller than the example's.
    ...{ deviceSync: small, mail: small },
  }
}

const makeServers = async (example: Example): Promise<void> => {
  const namespace = serversOf(example)
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
  const hosts = ['postgres', 's3'].map((name) => `${name}.${namespace}`)
  // The example local has PostgreSQL in clear, on one node.
  const tls = example === 'regional' ? await authority.issue('servers', { hosts }) : undefined
  const region = example === 'shared' ? 'eu-central-1' : 'us-east-1'
  await cluster.apply(operatorServers({ namespace, images: await serverImages(), region, tls }))
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s'])
}

const TOKEN = randomBytes(24).toString('hex')

/** The Secrets of docs/guides/install-on-kubernetes.md. */
const makeSecrets = async (installation: Installation, example: Example): Promise<void> => {
  const url = `postgres://relais:${PASSWORD}@postgres.${serversOf(example)}:5432/relais`
  const rows: Record<string, string> = example === 'regional' ? { url, 'ca.crt': authority.ca } : { url }
  const s3 = example === 'regional' ? { ...S3_KEYS, 'ca.crt': authority.ca } : S3_KEYS
  const issued = await authority.issue('public', { hosts: ['relais-admin'] })
  const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'relais-credential-key': { key: randomBytes(32).toString('hex') },
    'relais-admin-token': { token: TOKEN },
    'relais-rows': rows,
    'relais-log': rows,
    'relais-s3': s3,
    'relais-smarthost': { url: 'smtp://smarthost.invalid:587' },
    'relais-public-tls': { 'tls.crt': issued.certificate, 'tls.key': issued.key },
  }
  for (const [name, content] of Object.entries(secrets)) await installation.makeSecret(name, content)
}

const claimBlobs = (namespace: string) =>
  cluster.apply([
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'relais-blobs', namespace } },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    },
  ])

for (const example of EXAMPLES)
  test(`the example ${example} is installed by the guide, and a phone gets its mail`, async () => {
    const installation = new Installation(cluster, example)
    installations.push(installation)
    await installation.makeNamespace()
    await makeServers(example)
    await makeSecrets(installation, example)
    if (example === 'local') {
      await giveCertificates(installation, authority)
      await claimBlobs(example)
    }
    const rowsInClear = example === 'shared' ? [{ rows: { caSecret: { name: '' } } }] : []
    const values = [hereabouts(example), ...rowsInClear, imageOf(TAG)]
    const installing = installation.install(values, { example })
    if (example !== 'local')
      await until(async () => (await issueCertificates(installation, authority)) >= SERVICES.length)
    await installing
    const administrator = await installation.administrator({ token: TOKEN, ca: authority.ca })
    await makeTenant(installation, administrator)
    assert.match(await installation.test(), /Ping: answered \d+ ms after it began/)
    await installation.uninstall()
    await cluster.kubectl(['delete', 'namespace', example, serversOf(example), '--wait=false'])
  })

/** Helm makes the Certificates while it waits for what needs them. */
const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 300))
}
