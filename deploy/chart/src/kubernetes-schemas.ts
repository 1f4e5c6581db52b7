// node deploy/chart/src/kubernetes-schemas.ts: makes test/kubernetes-schemas.json, strict schemas of the kinds that the chart renders,
// from what Kubernetes, Gateway API, KEDA, Prometheus' operator and cert-manager publish themselves as Go modules. Needs Go.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

type Schema = { readonly [key: string]: unknown }

const KUBERNETES = 'k8s.io/kubernetes@v1.36.3'
const KINDS = {
  'v1/Service': 'io.k8s.api.core.v1.Service',
  'v1/ServiceAccount': 'io.k8s.api.core.v1.ServiceAccount',
  'v1/ConfigMap': 'io.k8s.api.core.v1.ConfigMap',
  'v1/Secret': 'io.k8s.api.core.v1.Secret',
  'v1/Pod': 'io.k8s.api.core.v1.Pod',
  'apps/v1/StatefulSet': 'io.k8s.api.apps.v1.StatefulSet',
  'apps/v1/Deployment': 'io.k8s.api.apps.v1.Deployment',
  'autoscaling/v2/HorizontalPodAutoscaler': 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'networking.k8s.io/v1/Ingress': 'io.k8s.api.networking.v1.Ingress',
  'networking.k8s.io/v1/NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
  'policy/v1/PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
}
const RESOURCES = [
  ...['gateways', 'httproutes'].map((name) => [
    'sigs.k8s.io/gateway-api@v1.4.0',
    `config/crd/standard/gateway.networking.k8s.io_${name}.yaml`,
  ]),
  ['github.com/kedacore/keda/v2@v2.21.0', 'config/crd/bases/keda.sh_scaledobjects.yaml'],
  ...['servicemonitors', 'prometheusrules'].map((name) => [
    'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
  ]),
  ...['certificates', 'issuers'].map((name) => [
    'github.com/cert-manager/cert-manager@v1.21.2',
    `deploy/crds/cert-manager.io_${name}.yaml`,
  ]),
] as const

const folderOf = (module: string): string =>
  JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8' })).Dir

const { definitions } = JSON.parse(
  readFileSync(join(folderOf(KUBERNETES), 'api/openapi-spec/swagger.json'), 'utf8'),
) as { definitions: Readonly<Record<string, Schema>> }

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without words, and without patterns in Go's own language; what has properties has no others. */
const strict = (value: unknown, isMapOfSchemas = false): unknown => {
  if (Array.isArray(value)) return value.map((inner) => strict(inner))
  if (!isObject(value)) return value
  if (isMapOfSchemas)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strict(inner)]))
  if (value.format === 'int-or-string' || value['x-kubernetes-int-or-string'] === true)
    return { type: ['integer', 'string'] }
  const kept = Object.entries(value)
    .filter(([key]) => !/^(description|default|format|example|externalDocs|x-.*)$/.test(key))
    .filter(([key, inner]) => key !== 'pattern' || !String(inner).includes('(?'))
    .map(([key, inner]) => [key, strict(inner, key === 'properties')])
  const open =
    value.additionalProperties !== undefined || value['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...Object.fromEntries(kept),
    ...(value.properties && !open ? { additionalProperties: false } : {}),
  }
}

const used = new Map<string, unknown>()
const reach = (name: string): void => {
  if (used.has(name)) return
  const schema = name.endsWith('.resource.Quantity')
    ? { type: ['string', 'number'] }
    : strict(definitions[name])
  used.set(name, schema)
  for (const [, other = ''] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) reach(other)
}

type Resource = {
  spec: {
    group: string
    names: { kind: string }
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[]
  }
}

const META = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }

/** What a CustomResourceDefinition says of its kind; metadata is Kubernetes' own. */
const custom = ({ spec: { group, names, versions } }: Resource): (readonly [string, unknown])[] =>
  versions
    .filter(({ served }) => served)
    .map(({ name, schema }) => {
      const made = strict(schema.openAPIV3Schema) as { properties: Schema }
      return [
        `${group}/${name}/${names.kind}`,
        { ...made, properties: { ...made.properties, metadata: META } },
      ]
    })

for (const name of Object.values(KINDS)) reach(name)
const kinds = Object.entries(KINDS).map(([kind, name]) => [kind, { $ref: `#/definitions/${name}` }] as const)
const customs = RESOURCES.flatMap(([module, path]) =>
  custom(parse(readFileSync(join(folderOf(module), path), 'utf8')) as Resource),
)
const text = JSON.stringify({
  from: [KUBERNETES, ...new Set(RESOURCES.map(([module]) => module))],
  kinds: Object.fromEntries([...kinds, ...customs]),
  definitions: Object.fromEntries([...used].sort(([one], [other]) => (one < other ? -1 : 1))),
})
writeFileSync(new URL('../test/kubernetes-schemas.json', import.meta.url), `${text}\n`)
