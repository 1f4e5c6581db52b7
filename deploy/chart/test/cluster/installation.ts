import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cluster } from '@relais/kubernetes/cluster.ts'
import { run } from '@relais/kubernetes/run.ts'
import { pinnedProgram } from '@relais/servers'
import { ROOT } from '../helm.ts'

const CHART = join(ROOT, 'charts/relais')
const CLI = join(ROOT, 'services/cli/src/main.ts')
const RELEASE = 'relais'

export type Values = Readonly<Record<string, unknown>>

/** What tests read of an object. */
export type Listed = {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
  }
  // biome-ignore lint/suspicious/noExplicitAny: what the API server says is Kubernetes' business.
  readonly [key: string]: any
}

/** A release of the chart in a namespace that admits restricted pods alone. */
export class Installation {
  readonly cluster: Cluster
  readonly namespace: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'relais-installation-'))
  readonly #started: ChildProcess[] = []

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster
    this.namespace = namespace
  }

  async makeNamespace(): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    const metadata = { name: this.namespace, labels }
    await this.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata }])
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.kubectl(['-n', this.namespace, ...args])
  }

  async list(kind: string, selector = ''): Promise<readonly Listed[]> {
    return JSON.parse(await this.kubectl('get', kind, '-l', selector, '-o', 'json')).items
  }

  /** Pods of a service that aren't ending. */
  async pods(service: string): Promise<readonly Listed[]> {
    const found = await this.list('pods', `app.kubernetes.io/component=${service}`)
    return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  /** Address of a Service. */
  addressOf(service: string): Promise<string> {
    return this.kubectl('get', 'service', `${RELEASE}-${service}`, '-o', 'jsonpath={.spec.clusterIP}')
  }

  /** What Helm prints, and what it says of it. */
  async helm(...args: readonly string[]): Promise<string> {
    const command = [await pinnedProgram('helm'), '--namespace', this.namespace, ...args]
    return this.cluster.inside('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command])
  }

  /** Values lie over each other, and over those of an example. */
  async install(
    values: readonly Values[],
    { example, wait = true }: { example?: string; wait?: boolean } = {},
  ) {
    await this.helm('install', RELEASE, CHART, ...this.#given(values, example), ...(wait ? WAIT : []))
  }

  async upgrade(values: readonly Values[], example?: string): Promise<void> {
    await this.helm('upgrade', RELEASE, CHART, ...this.#given(values, example), ...WAIT)
  }

  async rollback(): Promise<void> {
    await this.helm('rollback', RELEASE, ...WAIT)
  }

  async uninstall(): Promise<void> {
    await this.helm('uninstall', RELEASE, ...WAIT)
  }

  /** helm test; what the check said. */
  test(): Promise<string> {
    return this.helm('test', RELEASE, '--timeout', '5m')
  }

  #given(values: readonly Values[], example?: string): readonly string[] {
    const files = values.map((one, n) => {
      const file = join(this.#folder, `values-${n}.json`)
      writeFileSync(file, JSON.stringify(one))
      return file
    })
    const all = [...(example === undefined ? [] : [join(CHART, 'examples', `${example}.yaml`)]), ...files]
    return all.flatMap((file) => ['--values', file])
  }

  async makeSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { name, namespace: this.namespace }
    await this.cluster.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }])
  }

  async secret(name: string, key: string): Promise<string> {
    const [found] = (await this.list('secrets')).filter(({ metadata }) => metadata.name === name)
    return Buffer.from(found?.data[key] ?? '', 'base64').toString()
  }

  /** The administrator's program, by a forwarded port as the guide says. */
  async administrator(secrets: { readonly token: string; readonly ca: string }): Promise<Administrator> {
    const ca = join(this.#folder, 'ca.crt')
    writeFileSync(ca, secrets.ca)
    const port = await this.#forward('admin', 8090)
    const flags = ['--server', `https://localhost:${port}`, '--token', secrets.token, '--ca', ca]
    return (args, input) => run(process.execPath, [CLI, ...flags, ...args], { input })
  }

  /** A local port of a Service. */
  async #forward(service: string, port: number): Promise<string> {
    const args = ['-n', this.namespace, 'port-forward', `service/${RELEASE}-${service}`, `:${port}`]
    const child = spawn('kubectl', args, { env: this.cluster.env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#started.push(child)
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const found = /127\.0\.0\.1:(\d+)/.exec(String(line))?.[1]
    if (found === undefined) throw new Error(`port-forward: ${line}`)
    return found
  }

  close(): void {
    for (const child of this.#started) child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const WAIT = ['--wait', '--timeout', '8m']

export type Administrator = (args: readonly string[], input?: string) => Promise<string>
