import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { faultsOf } from '../../chart/test/schemas.ts'
import { example } from './edges.ts'

type Kubernetes = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
}

const documentsOf = (text: string): readonly Kubernetes[] =>
  parseAllDocuments(text).map((document) => document.toJS())

const manifest = documentsOf(example('gateway-api.yaml'))

const specOf = (objects: readonly Kubernetes[], kind: string): Kubernetes['spec'] => {
  const found = objects.find((one) => one?.kind === kind)
  assert.ok(found !== undefined, `there is no ${kind}`)
  return found.spec
}

test('Gateway API’s own schemas have nothing against the manifest', () => {
  assert.deepEqual(
    manifest.map(({ kind }) => kind),
    ['Gateway', 'HTTPRoute'],
  )
  for (const object of manifest) assert.deepEqual(faultsOf(object as never), [])
})

test('the route sends the same paths with the same waits to the same service as the one that the chart makes', () => {
  const golden = new URL('../../chart/test/golden/shared.yaml', import.meta.url)
  const charts = specOf(documentsOf(readFileSync(golden, 'utf8')), 'HTTPRoute')
  assert.deepEqual(specOf(manifest, 'HTTPRoute').rules, charts.rules)
})

test('every name that the route is for has a listener', () => {
  const { listeners } = specOf(manifest, 'Gateway') as { listeners: { hostname: string }[] }
  const { hostnames } = specOf(manifest, 'HTTPRoute') as { hostnames: string[] }
  assert.deepEqual(hostnames.toSorted(), listeners.map(({ hostname }) => hostname).toSorted())
})
