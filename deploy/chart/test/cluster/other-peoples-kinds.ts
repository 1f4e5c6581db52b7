import type { Cluster } from '@relais/kubernetes/cluster.ts'
import type { KubernetesObject } from '@relais/kubernetes/in-cluster.ts'
import type { Authority } from '@relais/testing'
import type { Installation } from './installation.ts'

/**
 * Kinds that the examples use and that others define. Here they take any field: the chart's other tests judge what is written by their
 * own schemas. Of their controllers only the one that a pod can't start without is stood in for.
 */
const KINDS = [
  ['cert-manager.io', 'v1', 'Certificate', 'certificates'],
  ['cert-manager.io', 'v1', 'Issuer', 'issuers'],
  ['keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'],
  ['gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
] as const

export const defineKinds = async (cluster: Cluster): Promise<void> => {
  await cluster.apply(
    KINDS.map(([group, version, kind, plural]) => definition({ group, version, kind, plural })),
  )
  const names = KINDS.map(([group, , , plural]) => `crd/${plural}.${group}`)
  await cluster.kubectl(['wait', '--for=condition=Established', ...names, '--timeout=60s'])
}

type Kind = {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
}

const definition = ({ group, version, kind, plural }: Kind): KubernetesObject => ({
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: {
    name: `${plural}.${group}`,
    // Names below k8s.io are for Kubernetes' own projects, which say so.
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/1086' },
  },
  spec: {
    ...{
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    },
    versions: [
      {
        ...{ name: version, served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
})

/** What cert-manager does for the Certificates of an installation: a Secret for each, of one authority. */
export const issueCertificates = async (
  installation: Installation,
  authority: Authority,
): Promise<number> => {
  const certificates = await installation.list('certificates.cert-manager.io')
  for (const { spec } of certificates) {
    const { certificate, key } = await authority.issue(spec.secretName, {
      uris: spec.uris,
      hosts: spec.dnsNames,
    })
    await installation.makeSecret(spec.secretName, {
      ...{ 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.ca },
    })
  }
  return certificates.length
}
