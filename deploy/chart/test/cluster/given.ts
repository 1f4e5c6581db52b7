import { Cluster } from '@relais/kubernetes/cluster.ts'
import { relaisImage, serverImages } from '@relais/kubernetes/images.ts'

/** The cluster that `npm run test:cluster` started. */
export const givenCluster = (): Promise<Cluster> => {
  const folder = process.env.RELAIS_CLUSTER
  if (folder === undefined) throw new Error('npm run test:cluster runs this')
  return Cluster.at(folder)
}

/** On every node; nothing is pulled. */
export const imageOf = (tag: string) => ({
  image: { repository: 'localhost/relais', tag, digest: '', pullPolicy: 'Never' },
})

export const TAG = 'head'
export const NEXT_TAG = 'next'

/** The commit that is updated to HEAD; by default HEAD itself by another name. */
const BEFORE = process.env.RELAIS_TEST_FROM ?? 'HEAD'

/** Images that the tests name: Relais before and after an update, and the servers beside it. */
export const loadImages = async (cluster: Cluster): Promise<void> => {
  const servers = Object.values(await serverImages())
  await cluster.load([await relaisImage(TAG, BEFORE), await relaisImage(NEXT_TAG), ...servers])
}

export const trialValues = async () => {
  const { nats, postgres, s3 } = await serverImages()
  const images = { nats: nats.name, postgres: postgres.name, s3: s3.name }
  return { trial: { enabled: true, images } }
}

/** Small enough for one machine; the test itself, which is no pod, may deliver. */
export const SMALL = {
  deviceSync: { replicas: 2, autoscaling: { kind: 'none' } },
  networkPolicy: { lmtpClients: [] },
}
export const CHECK = { address: 'check@acme.example', password: 'correct horse battery' }
export const CHECK_SECRET = 'relais-check'
