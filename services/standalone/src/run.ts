import { hostname } from 'node:os'
import { type LoadedConfiguration, loadConfiguration, runUntilSignal } from '@relais/service-kit'
import { configurationSchema, withFreePorts } from './configuration.ts'
import { startStandalone } from './standalone.ts'

type Process = Pick<NodeJS.Process, 'argv' | 'env' | 'stdout' | 'stderr' | 'exit'>

/** The whole life of the process: reads the configuration, starts everything, waits for a signal, drains. */
export const run = async ({ argv, env, stdout, stderr, exit }: Process): Promise<void> => {
  const say = (line: string) => void stderr.write(`${line}\n`)
  try {
    const loaded = load(argv, env)
    if (loaded.kind === 'help') return void stdout.write(loaded.text)
    const configuration = withFreePorts(loaded.value, loaded.origins)
    const started = await startStandalone(configuration, { say, machine: hostname() })
    await runUntilSignal(started.lifecycle, started.logger, { say })
    started.afterwards()
    exit(0)
  } catch (error) {
    say(`relais: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    exit(1)
  }
}

const load = (
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): LoadedConfiguration<typeof configurationSchema> =>
  loadConfiguration(configurationSchema, {
    argv: argv.slice(2),
    env,
    file: 'relais.config.json',
    summary: 'Runs every service of Relais in this process, on a folder.',
  })
