import { join } from 'node:path'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { autoscalerImages } from '@relais/kubernetes/images.ts'
import { publishedFiles } from '@relais/kubernetes/published-files.ts'
import { ProgramMissingError } from '@relais/servers'
import { objectsOf, type Rendered } from '../helm.ts'

/** Where KEDA runs: it reads figures from there. */
export const KEDA_NAMESPACE = 'keda'

type Part = {
  /** Of `tools/go`. */
  readonly program: string
  readonly module: string
  /** Of the module: its objects, for kustomize. */
  readonly folder: string
  /** The kind of figures that it serves. */
  readonly api: string
  /** Arguments beside those that are published. */
  readonly args: readonly string[]
}

const METRICS_SERVER: Part = {
  ...{ program: 'metrics-server', module: 'sigs.k8s.io/metrics-server', folder: 'manifests/base' },
  api: 'v1beta1.metrics.k8s.io',
  // Kubelets of the cluster for tests sign their certificates themselves.
  args: ['--kubelet-insecure-tls'],
}

const KEDA: Part = {
  ...{ program: 'keda', module: 'github.com/kedacore/keda/v2', folder: 'config/minimal' },
  api: 'v1beta1.external.metrics.k8s.io',
  args: [],
}

/** As it is published, with an image of this machine, and asked at once whether it is ready. */
const objectsFor = async (
  cluster: Cluster,
  { program, module, folder, args }: Part,
  image: string,
): Promise<readonly Rendered[]> => {
  const published = join(await publishedFiles(program, module), folder)
  const objects = objectsOf(await cluster.kubectl(['kustomize', published]))
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment'))
    for (const container of spec.template.spec.containers) {
      Object.assign(container, { image, imagePullPolicy: 'Never', args: [...container.args, ...args] })
      Object.assign(container.readinessProbe, { initialDelaySeconds: 1, periodSeconds: 2 })
    }
  return objects
}

/** In one line; undefined: nothing. Builds what isn't built yet. */
export const whyNoAutoscalers = (): Promise<string | undefined> =>
  autoscalerImages().then(
    () => undefined,
    (error: Error) => {
      if (!(error instanceof ProgramMissingError)) throw error
      return error.message.split('\n')[0]
    },
  )

const START_LIMIT = '--timeout=300s'

const start = async (cluster: Cluster, part: Part, image: string): Promise<readonly Rendered[]> => {
  const objects = await objectsFor(cluster, part, image)
  await cluster.apply(objects)
  await cluster.kubectl(['wait', '--for=condition=Available', `apiservice/${part.api}`, START_LIMIT])
  return objects
}

/**
 * metrics-server, which reads from the nodes how much processor time pods take, and KEDA, which reads held requests from pods themselves. What is
 * returned takes them away, with all that they were told: nothing scaled by KEDA may be left.
 */
export const startAutoscalers = async (cluster: Cluster): Promise<() => Promise<void>> => {
  const { metricsServer, keda } = await autoscalerImages()
  await cluster.load([metricsServer, keda])
  const objects = [
    ...(await start(cluster, METRICS_SERVER, metricsServer.name)),
    ...(await start(cluster, KEDA, keda.name)),
  ]
  return async () => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    await cluster.kubectl(['delete', '--ignore-not-found', '--timeout=120s', '-f', '-'], list)
  }
}
