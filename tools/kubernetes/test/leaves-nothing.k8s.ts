import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Cluster } from '../src/cluster.ts'
import { Place } from '../src/place.ts'
import { run } from '../src/run.ts'

/** What a cluster may leave of itself on a machine: all of it has the cluster's folder or tag in its name. */
const tracesOf = async (place: Place): Promise<readonly string[]> => {
  const names = [place.folder, place.tag]
  const isIts = (line: string) => names.some((name) => line.includes(name))
  const files = ['/var/log/containers', '/var/lib/cni/results']
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder))
  const processes = (await run('ps', ['-eo', 'args'])).split('\n').filter((line) => !line.startsWith('node '))
  const groups = await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd'])
  return [
    ...readFileSync('/proc/mounts', 'utf8').split('\n'),
    ...files,
    ...processes,
    ...groups.split('\n'),
  ].filter(isIts)
}

test('a cluster that is taken down leaves no process, mount, control group or file', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'relais-cluster-'))
  const folder = join(parent, 'c')
  const place = new Place(folder)
  const cluster = await Cluster.start(folder, 1)
  assert.ok((await tracesOf(place)).length > 0)
  await cluster.stop()
  assert.deepEqual(await tracesOf(place), [])
  assert.equal(existsSync(folder), false)
  rmSync(parent, { recursive: true })
})

test('a node that is killed and started again takes pods again', async (context) => {
  const parent = mkdtempSync(join(tmpdir(), 'relais-cluster-'))
  const cluster = await Cluster.start(join(parent, 'c'), 2)
  context.after(async () => {
    await cluster.stop()
    rmSync(parent, { recursive: true })
  })
  await cluster.killNode(2)
  await cluster.kubectl(['wait', '--for=condition=Ready=Unknown', 'node/node2', '--timeout=60s'])
  await cluster.startNode(2)
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'default' } },
    spec: {
      nodeName: 'node2',
      containers: [{ name: 'one', image: 'localhost/pause:1', imagePullPolicy: 'Never' }],
    },
  }
  await cluster.kubectl(['-n', 'default', 'wait', '--for=create', 'serviceaccount/default', '--timeout=60s'])
  await cluster.apply([pod])
  await cluster.kubectl(['-n', 'default', 'wait', '--for=condition=Ready', 'pod/one', '--timeout=60s'])
})
