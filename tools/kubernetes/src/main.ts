// node tools/kubernetes/src/main.ts up|run|exec|kill|revive|down: a Kubernetes of several nodes on this machine, for tests.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Cluster } from './cluster.ts'
import { relaisImage, serverImages } from './images.ts'
import { whyNoCluster } from './programs.ts'

const USAGE = `Usage: npm run cluster -- COMMAND [options]

  up                     starts a cluster and says how it is used
  exec -- PROGRAM …      runs a program where kubectl, Services and pods are reached
  run -- PROGRAM …       the same on a cluster of its own, which is taken away afterwards
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

/** Answers with its exit code. */
const execIn = (cluster: Cluster): Promise<number> => {
  const [, ...command] = positionals
  const child = spawn('nsenter', [`--net=${cluster.place.namespace}`, ...command], {
    ...{ stdio: 'inherit', env: { ...cluster.env, RELAIS_CLUSTER: cluster.place.folder } },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

const exec = async () => {
  process.exitCode = await execIn(await Cluster.at(folder))
}

const runOnce = async () => {
  const cluster = await Cluster.start(
    join(mkdtempSync(join(tmpdir(), 'relais-cluster-')), 'c'),
    Number(values.nodes),
  )
  try {
    process.exitCode = await execIn(cluster)
  } finally {
    await cluster.stop()
    rmSync(join(cluster.place.folder, '..'), { recursive: true })
  }
}

const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  up,
  exec,
  run: runOnce,
  kill: async () => (await Cluster.at(folder)).killNode(Number(values.node)),
  revive: async () => (await Cluster.at(folder)).startNode(Number(values.node)),
  down: async () => (await Cluster.at(folder)).stop(),
}

const main = async (): Promise<void> => {
  const command = COMMANDS[positionals[0] ?? '']
  if (values.help || command === undefined) return say(USAGE)
  const why = await whyNoCluster()
  if (why === undefined) await command()
  // Tests that can't be run here are skipped; whoever wanted a cluster is told that there is none.
  else if (positionals[0] === 'run') say(`skipped: ${why}`)
  else throw new Error(why)
}

await main().catch((error: Error) => {
  process.stderr.write(`relais: ${error.message}\n`)
  process.exitCode = 1
})
