import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processesOf } from './cgroups.ts'
import { startControlPlane } from './control-plane.ts'
import { cutTable } from './cut-table.ts'
import type { ImageFile } from './images.ts'
import { systemImages } from './images.ts'
import { type KubernetesObject, namesObjects, volumeObjects } from './in-cluster.ts'
import { removeLeftovers } from './leftovers.ts'
import { importImages, killNode, startNode } from './node.ts'
import { groupOf } from './node-files.ts'
import { MOST_NODES, nodeName, Place } from './place.ts'
import { isProgram, killStarted, signal, startProcess } from './processes.ts'
import { type Programs, programs as pinned } from './programs.ts'
import { run } from './run.ts'

const READY_SECONDS = 120

/** A Kubernetes of several nodes on one machine, all of it in network namespaces: nothing of the machine's own network is touched. */
export class Cluster {
  readonly place: Place
  readonly #programs: Programs

  private constructor(place: Place, programs: Programs) {
    this.place = place
    this.#programs = programs
  }

  /** One that runs. */
  static async at(folder: string): Promise<Cluster> {
    return new Cluster(new Place(realpathSync(folder)), await pinned())
  }

  /** Starts one in a folder that isn't there yet. Errors: what didn't start; what had started is taken down. */
  static async start(folder: string, nodes: number, images: readonly ImageFile[] = []): Promise<Cluster> {
    if (!(nodes >= 1 && nodes <= MOST_NODES)) throw new Error(`1 to ${MOST_NODES} nodes, not ${nodes}`)
    if (existsSync(folder))
      throw new Error(`${folder} is there already: a cluster is kept in a folder of its own`)
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    const cluster = await Cluster.at(folder)
    try {
      await cluster.#start(nodes, images)
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  async #start(nodes: number, images: readonly ImageFile[]): Promise<void> {
    await run('sysctl', ['-qw', 'fs.inotify.max_user_instances=1024'])
    await startControlPlane(this.place, this.#programs)
    const files = [...(await systemImages()), ...images].map(({ file }) => file)
    for (let node = 1; node <= nodes; node++) await startNode(this.#parts, node, files)
    this.#startEnforcer()
    await this.apply([...namesObjects(), ...volumeObjects(this.place)])
    for (let node = 1; node <= nodes; node++) await this.#untilReady(node)
    await this.kubectl([
      '-n',
      'kube-system',
      'rollout',
      'status',
      'deployment/coredns',
      `--timeout=${READY_SECONDS}s`,
    ])
  }

  get #parts() {
    return { place: this.place, programs: this.#programs }
  }

  async #untilReady(node: number): Promise<void> {
    const name = `node/${nodeName(node)}`
    const limit = `--timeout=${READY_SECONDS}s`
    await this.kubectl(['wait', '--for=create', name, limit])
    await this.kubectl(['wait', '--for=condition=Ready', name, limit])
  }

  #startEnforcer(): void {
    const program = fileURLToPath(new URL('enforce-policies.ts', import.meta.url))
    startProcess({
      ...{ name: 'policies', folder: this.place.folder, namespace: this.place.namespace },
      ...{ program: process.execPath, args: [program, this.place.folder], env: process.env },
    })
  }

  /** What a program prints that runs where Services and pods can be reached. */
  inside(program: string, args: readonly string[], input?: string): Promise<string> {
    return run('nsenter', [`--net=${this.place.namespace}`, program, ...args], { input, env: this.env })
  }

  /** With it, kubectl and Helm find the cluster. */
  get env(): NodeJS.ProcessEnv {
    const PATH = `${this.#programs.kubernetes}:${process.env.PATH}`
    return { ...process.env, PATH, KUBECONFIG: this.place.kubeconfig }
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.inside(join(this.#programs.kubernetes, 'kubectl'), args, input)
  }

  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects }
    await this.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(list))
  }

  /** Puts images on every node, as if they had been pulled. */
  async load(images: readonly ImageFile[]): Promise<void> {
    for (const node of this.place.nodes())
      await importImages(
        this.#parts,
        node,
        images.map(({ file }) => file),
      )
  }

  /** One more node, or one that was killed. */
  async startNode(node: number, images: readonly ImageFile[] = []): Promise<void> {
    const files = [...(await systemImages()), ...images].map(({ file }) => file)
    await startNode(this.#parts, node, files)
    await this.#untilReady(node)
  }

  /** As if its power went. */
  killNode(node: number): Promise<void> {
    return killNode(this.place, node)
  }

  /** kill -9 to what a pod runs, by its uid: kubectl can only ask politely. What holds its namespaces lives on, as after a crash. */
  killPod(uid: string): void {
    for (const pid of this.#processesOf(uid)) signal(pid, 'SIGKILL')
  }

  /** What a pod runs stands still from now on, with all its connections; answers with how many processes that are. */
  freezePod(uid: string): number {
    const all = this.#processesOf(uid)
    for (const pid of all) signal(pid, 'SIGSTOP')
    return all.length
  }

  #processesOf(uid: string): readonly number[] {
    const groups = this.place.nodes().map((node) => groupOf(this.place, node))
    const all = groups.flatMap((group) => processesOf(group, (folder) => folder.includes(uid)))
    return all.filter(isProgram)
  }

  /** Nothing passes between these pods' addresses any more, not on open connections either, until what is returned is called. */
  async cut(some: readonly string[], others: readonly string[]): Promise<() => Promise<void>> {
    const table = cutTable(some, others)
    await this.#onEachNode(table.cut)
    return () => this.#onEachNode(table.mend)
  }

  async #onEachNode(rules: string): Promise<void> {
    for (const node of this.place.nodes())
      await run('nsenter', [`--net=${this.place.namespaceOf(node)}`, 'nft', '-f', '-'], { input: rules })
  }

  /** Leaves nothing: no process, namespace, mount, control group or file. */
  async stop(): Promise<void> {
    for (const node of this.place.nodes()) await killNode(this.place, node).catch(() => {})
    killStarted(this.place.folder)
    await removeLeftovers(this.place)
  }
}
