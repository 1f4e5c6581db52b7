import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { EXAMPLES, objectsOf, PATIENCE, podsOf, type Rendered, renderText, whyNoHelm } from './helm.ts'
import { faultsOf } from './schemas.ts'

let missing: string | undefined

/** Set, the renderings that lie here are written anew. */
const WRITE = process.env.WRITE_GOLDEN !== undefined
const golden = (name: string) => new URL(`golden/${name}.yaml`, import.meta.url)

for (const example of EXAMPLES)
  describe(`the example ${example}`, () => {
    let text = ''
    let objects: readonly Rendered[] = []
    before(async () => {
      missing ??= await whyNoHelm()
      if (missing !== undefined) return
      text = await renderText({ example })
      objects = objectsOf(text)
    }, PATIENCE)
    const rule = (name: string, body: () => void) =>
      test(name, (context) => (missing === undefined ? body() : context.skip(missing)))

    rule('renders what lies here, byte for byte', () => {
      if (WRITE) {
        mkdirSync(new URL('golden/', import.meta.url), { recursive: true })
        writeFileSync(golden(example), text)
      }
      assert.ok(existsSync(golden(example)), 'WRITE_GOLDEN=1 writes it')
      assert.equal(text, readFileSync(golden(example), 'utf8'))
    })

    rule("is valid by Kubernetes' own schemas, without an unknown field", () => {
      assert.deepEqual(objects.flatMap(faultsOf), [])
    })

    rule('has no two objects of one kind and name', () => {
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      assert.deepEqual(names, [...new Set(names)])
    })

    rule('makes no Secret: passwords are the operator’s', () => {
      assert.deepEqual(
        objects.filter(({ kind }) => kind === 'Secret'),
        [],
      )
    })

    rule('has a deployment and a disruption budget for each service', () => {
      const services = ['directory', 'mail', 'mail-transport', 'device-sync', 'administration']
      const named = (wanted: string) =>
        objects
          .filter(({ kind }) => kind === wanted)
          .map(({ metadata }) => metadata.name.slice('relais-'.length))
      assert.deepEqual(named('Deployment').sort(), [...services].sort())
      assert.deepEqual(named('PodDisruptionBudget').sort(), [...services].sort())
    })

    rule('runs every pod by the restricted profile, on a file system that can’t be written', () => {
      for (const { metadata, spec } of podsOf(objects)) {
        const pod = spec.template.spec
        assert.equal(pod.securityContext.runAsNonRoot, true, metadata.name)
        assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault', metadata.name)
        for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(pod[key], undefined, key)
        for (const volume of pod.volumes) assert.ok(!('hostPath' in volume), metadata.name)
        for (const { securityContext, ports } of pod.containers) {
          assert.equal(securityContext.allowPrivilegeEscalation, false)
          assert.equal(securityContext.readOnlyRootFilesystem, true)
          assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] })
          assert.ok(
            ports.every((port: Rendered) => port.hostPort === undefined && port.containerPort >= 1024),
          )
        }
      }
    })

    rule('gives no pod a token of the cluster', () => {
      for (const { spec } of podsOf(objects))
        assert.equal(spec.template.spec.automountServiceAccountToken, false)
      for (const account of objects.filter(({ kind }) => kind === 'ServiceAccount'))
        assert.equal(account.automountServiceAccountToken, false)
    })

    rule('limits every container’s memory and says what it asks for', () => {
      for (const { spec } of podsOf(objects))
        for (const { resources } of spec.template.spec.containers) {
          assert.ok(resources.limits.memory && resources.requests.memory && resources.requests.cpu)
        }
    })

    rule('asks three different questions of every container', () => {
      for (const { spec } of podsOf(objects))
        for (const one of spec.template.spec.containers)
          assert.deepEqual(
            [one.startupProbe, one.livenessProbe, one.readinessProbe].map(({ httpGet }) => httpGet.path),
            ['/startupz', '/livez', '/readyz'],
          )
    })

    rule('names images by digest', () => {
      for (const { spec } of podsOf(objects))
        for (const { image } of spec.template.spec.containers) assert.match(image, /@sha256:[0-9a-f]{64}$/)
    })

    rule('mounts secrets as whole folders, so that a renewed one is seen without a restart', () => {
      for (const { spec } of podsOf(objects))
        for (const { volumeMounts } of spec.template.spec.containers)
          for (const mount of volumeMounts) assert.equal(mount.subPath, undefined)
    })

    rule('leaves a pod more time to end than it takes to answer what waits', () => {
      for (const { spec } of podsOf(objects)) {
        const pod = spec.template.spec
        const grace = pod.containers[0].env.find(
          ({ name }: { name: string }) => name === 'RELAIS_GRACE_SECONDS',
        )
        assert.ok(pod.terminationGracePeriodSeconds >= Number(grace.value) + 2 + 3)
      }
    })

    rule('lets a request of a phone take an hour', () => {
      for (const { kind, spec, metadata } of objects) {
        if (kind === 'HTTPRoute')
          for (const one of spec.rules)
            assert.deepEqual(one.timeouts, { request: '0s', backendRequest: '0s' })
        if (kind === 'Ingress')
          assert.ok(
            Number(metadata.annotations?.['nginx.ingress.kubernetes.io/proxy-read-timeout']) >= 3600,
            'an hour',
          )
      }
    })
  })
