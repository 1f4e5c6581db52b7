import { loadConfiguration } from '@relais/service-kit'
import { withFreePorts } from '@relais/standalone/configuration.ts'
import { clusterBanner } from './banner.ts'
import { startCluster } from './cluster.ts'
import { clusterSchema } from './configuration.ts'

type Process = Pick<NodeJS.Process, 'argv' | 'env' | 'ppid' | 'stdout' | 'stderr' | 'exit' | 'once'>

/** The whole life of the cluster: starts everything, waits for a signal, stops it in order. */
export const run = async (self: Process): Promise<void> => {
  const { argv, env, stdout, stderr, exit, ppid } = self
  const say = (line: string) => void stderr.write(`${line}\n`)
  process.setMaxListeners(0) // one listener for the end of each server and service
  const told = untilTold(self)
  try {
    const loaded = loadConfiguration(clusterSchema, {
      argv: argv.slice(2),
      env,
      command: 'npm run start:cluster --',
      summary:
        'Runs every service of Relais as a process of its own, with the servers they need, on this machine.',
    })
    if (loaded.kind === 'help') {
      stdout.write(loaded.text)
      return exit(0)
    }
    const configuration = withFreePorts(loaded.value, loaded.origins)
    const cluster = await startCluster(configuration, { say, pid: ppid })
    say(clusterBanner(cluster))
    await told
    say('stopping: phones are answered, then services and servers stop')
    await cluster.stop()
    exit(0)
  } catch (error) {
    say(`relais: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    exit(1)
  }
}

/** A signal, or the end of who started us. */
const untilTold = (self: Pick<NodeJS.Process, 'once'>): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['SIGINT', 'SIGTERM', 'disconnect'] as const) self.once(event, () => resolve())
  })
