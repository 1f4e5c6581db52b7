import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { before, describe } from 'node:test'
import { InstallationDefinition } from '@relais/proto/standalone/v1/installation.ts'
import { CertificateSource, createHealthProbe, retryable, serviceUri } from '@relais/service-kit'
import { type Authority, createAuthority, waitUntil } from '@relais/testing'
import { clientOf, installation, opened, STATUS, testPod, writeCertificate } from './test-pod.ts'

let authority: Authority
before(async () => {
  authority = await createAuthority('cluster')
})

const gate = () => Promise.withResolvers<void>()

describe('the probes of a pod', () => {
  test('while a server is missing: live, neither ready nor started; then all three', async (context) => {
    let there = false
    const { pod, probes, lines } = await testPod(context, {
      authority,
      open: async (pod) => {
        await pod.untilThere('the log', async () => {
          if (!there) throw retryable('LOG_UNAVAILABLE', 'connection refused')
        })
        return opened()
      },
    })
    const starting = pod.lifecycle.start()
    await waitUntil(() => pod.addresses.health)
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 503 })
    there = true
    await starting
    assert.deepEqual(await probes(), { livez: 200, readyz: 200, startupz: 200 })
    assert.equal(lines.filter((line) => line.includes('the log')).length, 2)
  })

  test('while rows are built: not started, and no service is offered', async (context) => {
    const built = gate()
    const { pod, probe, probes } = await testPod(context, {
      authority,
      open: async () => opened(installation(), { caughtUp: () => built.promise }),
    })
    const starting = pod.lifecycle.start()
    await waitUntil(() => pod.addresses.health)
    assert.match((await probe('/startupz')).text, /rows are being built/)
    assert.equal(pod.addresses.grpc, undefined)
    built.resolve()
    await starting
    assert.deepEqual(await probes(), { livez: 200, readyz: 200, startupz: 200 })
  })

  test('a server that is lost later makes it unready, and ready again when it is back', async (context) => {
    let there = true
    const { pod, probe, probes } = await testPod(context, {
      authority,
      open: async (pod) => {
        await pod.dependOn('the log', async () => {
          if (!there) throw retryable('LOG_UNAVAILABLE', 'gone')
        })
        return opened()
      },
    })
    await pod.lifecycle.start()
    there = false
    await waitUntil(async () => (await probes()).readyz === 503)
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 200 })
    assert.match((await probe('/readyz')).text, /the log: can't be reached/)
    there = true
    await waitUntil(async () => (await probes()).readyz === 200)
  })

  test('a part that only a restart helps makes it dead', async (context) => {
    const { pod, probes } = await testPod(context, {
      authority,
      open: async (pod) => {
        pod.add({ name: 'rows', health: () => ({ live: false, ready: false, reason: 'the disk is broken' }) })
        return opened()
      },
    })
    await pod.lifecycle.start()
    assert.deepEqual(await probes(), { livez: 503, readyz: 503, startupz: 200 })
  })

  test('other paths are not there, other methods are refused', async (context) => {
    const { pod, probe } = await testPod(context, { authority })
    await pod.lifecycle.start()
    for (const path of ['/', '/healthz', '/livez/x', '/constructor', '/__proto__'])
      assert.equal((await probe(path)).status, 404, path)
    assert.equal((await probe('/livez?verbose')).status, 200)
    assert.equal((await fetch(`${pod.addresses.health}/livez`, { method: 'POST' })).status, 405)
  })
})

describe('the end of a pod', () => {
  test('it says that it is not ready while it still serves, then answers what runs, then stops', async (context) => {
    const [asked, may] = [gate(), gate()]
    const { pod, probes } = await testPod(context, {
      authority,
      configuration: { unreadySeconds: 0.5 },
      open: async () =>
        opened(
          installation(async () => {
            asked.resolve()
            await may.promise
            return STATUS
          }),
        ),
    })
    await pod.lifecycle.start()
    const client = await clientOf(context, pod.addresses.grpc, { authority })
    const running = client.status({})
    await asked.promise
    const stopped = pod.stop()
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 200 })
    const late = client.status({})
    may.resolve()
    assert.deepEqual(await running, STATUS)
    assert.deepEqual(await late, STATUS)
    await stopped
    await assert.rejects(client.status({}), { code: 'UNAVAILABLE', retryable: true })
  })

  test('its parts hear that it ends while it still serves, before they drain', async (context) => {
    const heard: string[] = []
    const { pod, probes } = await testPod(context, {
      authority,
      configuration: { unreadySeconds: 0.5 },
      open: async (pod) => {
        pod.whenEnding(() => void heard.push('ends'))
        pod.add({ name: 'phones', drain: () => void heard.push('drains') })
        return opened()
      },
    })
    await pod.lifecycle.start()
    const stopped = pod.stop()
    assert.deepEqual(await probes(), { livez: 200, readyz: 503, startupz: 200 })
    assert.deepEqual(heard, ['ends'])
    await stopped
    assert.deepEqual(heard, ['ends', 'drains'])
  })

  test('it ends at once while it waits for a server that does not come', async (context) => {
    const { pod } = await testPod(context, {
      authority,
      open: async (pod) => {
        await pod.untilThere('the log', async () => {
          throw retryable('LOG_UNAVAILABLE', 'gone')
        })
        return opened()
      },
    })
    const starting = pod.lifecycle.start()
    await waitUntil(() => pod.addresses.health)
    await Promise.all([assert.rejects(starting, /told to end/), pod.stop()])
  })
})

describe('a pod and its peers', () => {
  test('is not ready before its peer, and neither after the peer is gone; its calls fail at once then', async (context) => {
    const back = await testPod(context, { name: 'back', authority })
    await back.pod.lifecycle.start()
    let call: (() => Promise<unknown>) | undefined
    const front = await testPod(context, {
      authority,
      open: async (pod) => {
        const client = await pod.peer('back', InstallationDefinition, back.pod.addresses.grpc ?? '')
        call = () => client.status({})
        return opened()
      },
    })
    await front.pod.lifecycle.start()
    await waitUntil(async () => (await front.probes()).readyz === 200)
    await assert.rejects(call?.() ?? Promise.resolve(), { code: 'PERMISSION_DENIED' }) // back lets in only "caller"
    await back.pod.stop()
    await waitUntil(async () => (await front.probes()).readyz === 503)
    assert.equal((await front.probes()).livez, 200)
    await assert.rejects(call?.() ?? Promise.resolve(), { code: 'UNAVAILABLE' })
    assert.equal(front.lines.filter((line) => line.includes('was lost')).length, 1)
  })

  test('lets in the services that it names, with certificates of its authority', async (context) => {
    const { pod } = await testPod(context, { authority })
    await pod.lifecycle.start()
    const { grpc } = pod.addresses
    assert.deepEqual(await (await clientOf(context, grpc, { authority })).status({}), STATUS)
    const stranger = await clientOf(context, grpc, { authority, name: 'stranger' })
    await assert.rejects(stranger.status({}), { code: 'PERMISSION_DENIED' })
    const foreign = await clientOf(context, grpc, { authority: await createAuthority('other') })
    await assert.rejects(foreign.status({}), { code: 'UNAVAILABLE' })
  })

  test('its health over gRPC follows its readiness', async (context) => {
    let there = true
    const { pod } = await testPod(context, {
      authority,
      open: async (pod) => {
        pod.add({ name: 'rows', health: () => ({ live: true, ready: there }) })
        return opened()
      },
    })
    await pod.lifecycle.start()
    const { certificate, key } = await authority.issue('caller', { uris: [serviceUri('caller')] })
    const certificates = new CertificateSource({ certificate, key, clientCa: authority.ca })
    const probe = createHealthProbe(pod.addresses.grpc ?? '', { certificates, service: 'served' })
    context.after(() => probe.close())
    const serves = () =>
      probe.check(5_000).then(
        () => true,
        () => false,
      )
    await waitUntil(serves)
    there = false
    await waitUntil(async () => !(await serves()))
  })
})

describe('certificates of a pod', () => {
  test('new files are taken over while it runs: the old authority is out, the new one in', async (context) => {
    const { pod, folder } = await testPod(context, { authority })
    await pod.lifecycle.start()
    const { grpc } = pod.addresses
    const next = await createAuthority('next')
    await writeCertificate(folder, 'served', { authority: next })
    await waitUntil(async () => {
      const client = await clientOf(context, grpc, { authority: next })
      return client.status({}).then(
        () => true,
        () => false,
      )
    })
    await assert.rejects((await clientOf(context, grpc, { authority })).status({}), { code: 'UNAVAILABLE' })
  })

  test('files that can’t be used are complained about, and what was there goes on', async (context) => {
    const { pod, folder, lines } = await testPod(context, { authority })
    await pod.lifecycle.start()
    writeFileSync(join(folder, 'tls.crt'), 'half a certific')
    await waitUntil(() => lines.some((line) => line.includes('not taken')))
    assert.deepEqual(await (await clientOf(context, pod.addresses.grpc, { authority })).status({}), STATUS)
  })

  test('a start with files that are not there, or no pair, is refused', async (context) => {
    const nowhere = { certificate: '/nowhere/tls.crt', key: '/nowhere/tls.key', ca: '/nowhere/ca.crt' }
    await assert.rejects(testPod(context, { authority, configuration: { tls: nowhere } }), {
      code: 'TLS_FILE_UNREADABLE',
      retryable: false,
    })
  })
})
