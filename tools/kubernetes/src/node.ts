import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeGroup, processesOf } from './cgroups.ts'
import { plugIn } from './control-plane.ts'
import { connect, inside, makeNamespace } from './namespaces.ts'
import { groupOf, runcFolder, writeNodeFiles } from './node-files.ts'
import { NETWORK, nodeName, type Place } from './place.ts'
import { kill, killStarted, processesWith, startProcess } from './processes.ts'
import { environment, type Programs } from './programs.ts'
import { run, succeeds } from './run.ts'

const READY_MS = 30_000
const LOOK_MS = 50

/** Starts a node, new or dead, with the images (OCI archives) that it hasn't got yet. */
export const startNode = async (
  { place, programs }: { readonly place: Place; readonly programs: Programs },
  node: number,
  images: readonly string[],
): Promise<void> => {
  if (!existsSync(place.namespaceOf(node))) await makeNode(place, node, programs)
  await inside(place.namespace, 'ip', 'link', 'set', cable(node), 'up')
  const start = starter(place, programs, node)
  rmSync(place.socketOf(node), { force: true })
  start('containerd', join(programs.containerd, 'containerd'), ['--config', 'containerd.toml'])
  await untilAnswers(place, programs, node)
  await importImages({ place, programs }, node, images)
  start('kubelet', join(programs.kubernetes, 'kubelet'), [
    ...['--config=kubelet.yaml', `--kubeconfig=${place.kubeconfig}`, `--hostname-override=${nodeName(node)}`],
    ...[`--node-ip=${NETWORK.node(node)}`, `--root-dir=${place.node(node, 'kubelet')}`],
    ...[`--cert-dir=${place.node(node, 'pki')}`, `--node-labels=topology.kubernetes.io/zone=zone${node}`],
  ])
  start('kube-proxy', join(programs.kubernetes, 'kube-proxy'), ['--config=kube-proxy.yaml'])
}

export const importImages = async (
  { place, programs }: { readonly place: Place; readonly programs: Programs },
  node: number,
  images: readonly string[],
): Promise<void> => {
  const ctr = join(programs.containerd, 'ctr')
  for (const image of images) {
    const mark = place.node(node, 'images', basename(image)) // a file's name says what is in it
    if (existsSync(mark)) continue
    await run(ctr, ['-a', place.socketOf(node), '-n', 'k8s.io', 'images', 'import', '--local', image])
    writeFileSync(mark, '')
  }
}

/** As if its power went: the cable is out, and nothing of it runs any more. */
export const killNode = async (place: Place, node: number): Promise<void> => {
  await inside(place.namespace, 'ip', 'link', 'set', cable(node), 'down')
  killStarted(place.node(node))
  const shims = processesWith('-address', place.socketOf(node))
  for (const pid of [...shims, ...processesOf(groupOf(place, node))]) kill(pid)
}

const cable = (node: number) => `cable${node}`

const makeNode = async (place: Place, node: number, programs: Programs): Promise<void> => {
  const namespace = place.namespaceOf(node)
  await makeNamespace(namespace)
  await connect({ namespace: place.namespace, name: cable(node) }, { namespace, name: 'eth0' })
  await plugIn(place, cable(node))
  await inside(namespace, 'ip', 'address', 'add', `${NETWORK.node(node)}/24`, 'dev', 'eth0')
  await inside(namespace, 'ip', 'link', 'set', 'eth0', 'up')
  await inside(namespace, 'ip', 'route', 'add', 'default', 'via', NETWORK.controlPlane)
  await inside(namespace, 'sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1')
  const route = (to: string) => inside(place.namespace, 'ip', 'route', 'add', to, 'via', NETWORK.node(node))
  await route(NETWORK.podsOf(node))
  // Services from the control plane's namespace: by the proxy of the first node.
  if (node === 1) await route(NETWORK.services)
  makeGroup(groupOf(place, node))
  writeNodeFiles(place, node, programs)
}

const starter =
  (place: Place, programs: Programs, node: number) => (name: string, program: string, args: string[]) =>
    startProcess({
      ...{ name, program, args, folder: place.node(node), namespace: place.namespaceOf(node) },
      env: environment(programs, runcFolder(programs)),
    })

const untilAnswers = async (place: Place, programs: Programs, node: number): Promise<void> => {
  const deadline = performance.now() + READY_MS
  const ask = () => succeeds(join(programs.containerd, 'ctr'), ['-a', place.socketOf(node), 'version'])
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`containerd of ${nodeName(node)} doesn't answer`)
    await pause(LOOK_MS)
  }
}
