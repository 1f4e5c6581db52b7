// node tools/kubernetes/src/main.ts up|run|exec|kill|revive|down: a Kubernetes of several nodes on this machine, for tests.
import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Cluster } from './cluster.ts'
import { relaisImage, serverImages } from './images.ts'
import { whyNoCluster } from './programs.ts'

const USAGE = `Usage: npm run cluster -- COMMAND [options]

  up                     starts a cluster and says how it is used
  exec -- PROGRAM …      runs a program where kubectl, Services and pods are reached
  kill --node I          ends a node as if its power went
  revive --node I        starts it again
  down                   takes the cluster away, without leaving anything

  --nodes N              how many nodes (default: 3)
  --relais               brings Relais' image of HEAD and those of the trial's servers
  --folder FOLDER        where it is kept (default: ~/.cache/relais/cluster)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '3' },
    node: { type: 'string', default: '1' },
    relais: { type: 'boolean', default: false },
    folder: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const folder =
  values.folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'cluster')

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const up = async () => {
  const started = performance.now()
  const images = values.relais ? [await relaisImage('head'), ...Object.values(await serverImages())] : []
  const cluster = await Cluster.start(folder, Number(values.nodes), images)
  say(`${values.nodes} nodes ready after ${((performance.now() - started) / 1000).toFixed(1)} s`)
  for (const { name } of images) say(`  image ${name}`)
  say(`  npm run cluster -- exec -- kubectl get nodes`)
  say(
    `  or: nsenter --net=${cluster.place.namespace} env KUBECONFIG=${cluster.place.kubeconfig} kubectl get nodes`,
  )
  say(`  npm run cluster -- down`)
}

const exec = async () => {
  const cluster = await Cluster.at(folder)
  const [, ...command] = positionals
  const child = spawn('nsenter', [`--net=${cluster.place.namespace}`, ...command], {
    ...{ stdio: 'inherit', env: cluster.env },
  })
  process.exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  up,
  exec,
  kill: async () => (await Cluster.at(folder)).killNode(Number(values.node)),
  revive: async () => (await Cluster.at(folder)).startNode(Number(values.node)),
  down: async () => (await Cluster.at(folder)).stop(),
}

const main = async (): Promise<void> => {
  const command = COMMANDS[positionals[0] ?? '']
  if (values.help || command === undefined) return say(USAGE)
  const why = await whyNoCluster()
  if (why !== undefined) throw new Error(why)
  await command()
}

await main().catch((error: Error) => {
  process.stderr.write(`relais: ${error.message}\n`)
  process.exitCode = 1
})
