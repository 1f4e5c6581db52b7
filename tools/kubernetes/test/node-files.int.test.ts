import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { namesObjects, volumeObjects } from '../src/in-cluster.ts'
import { mountsBelow } from '../src/leftovers.ts'
import { groupOf, networkName, writeNodeFiles } from '../src/node-files.ts'
import { MOST_NODES, NETWORK, Place } from '../src/place.ts'

const PROGRAMS = { kubernetes: '/p/k', containerd: '/p/c', cni: '/p/cni', etcd: '/p/etcd', runc: '/p/runc' }

const place = (context: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-node-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return new Place(folder)
}

test('nodes on one kernel share no folder, group, network or address', (context) => {
  const where = place(context)
  const files = ['containerd.toml', 'kubelet.yaml', 'cni/10-pods.conflist']
  const textOf = (node: number) => {
    writeNodeFiles(where, node, PROGRAMS)
    return files.map((file) => readFileSync(where.node(node, file), 'utf8')).join('\n')
  }
  const [one, two] = [textOf(1), textOf(2)]
  assert.ok(!one.includes(where.node(2)) && !two.includes(where.node(1)))
  assert.equal(one.replaceAll(/n1\b/g, 'n2').replaceAll(NETWORK.podsOf(1), NETWORK.podsOf(2)), two)
  assert.notEqual(groupOf(where, 1), groupOf(where, 2))
  assert.notEqual(networkName(where, 1), networkName(where, 2))
})

test('every node that there may be has an address in the bridge’s network', () => {
  const addresses = Array.from({ length: MOST_NODES }, (_, n) => NETWORK.node(n + 1))
  assert.equal(new Set([NETWORK.controlPlane, ...addresses]).size, MOST_NODES + 1)
  for (const address of addresses) assert.match(address, /^10\.250\.0\.\d{1,3}$/)
})

test('clusters in two folders have nothing of the same name outside of them', () => {
  assert.notEqual(new Place('/one').tag, new Place('/two').tag)
  assert.equal(new Place('/one').tag, new Place('/one').tag)
})

test('a socket’s path is short enough for the kernel where the folder is where tests have it', () => {
  const folder = join(tmpdir(), 'relais-cluster-abcdef', 'c')
  assert.ok(new Place(folder).socketOf(9).length < 108)
})

test('what only a folder’s name begins with is not below it', () =>
  assert.deepEqual(mountsBelow('/k/n1', 'tmpfs /k/n10/x tmpfs rw 0 0\ntmpfs /k/n1/x tmpfs rw 0 0\n'), [
    '/k/n1/x',
  ]))

test('names are answered on the port that policies are about, and a volume is for anybody who asks', (context) => {
  const service = namesObjects().find(({ kind }) => kind === 'Service') as {
    spec?: { clusterIP: string; ports: object[] }
  }
  assert.equal(service.spec?.clusterIP, NETWORK.dns)
  assert.ok(service.spec?.ports.every((port) => !('targetPort' in port)))
  const volumes = volumeObjects(place(context)).filter(({ kind }) => kind === 'PersistentVolume')
  assert.ok(volumes.length >= 12)
})
