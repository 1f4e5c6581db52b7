import { hostname } from 'node:os'
import { loadConfiguration, runUntilSignal } from '@relais/service-kit'
import { configurationSchema, withFreePorts } from './configuration.ts'
import { startStandalone } from './standalone.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)

const fail = (error: unknown): never => {
  say(`relais: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
  process.exit(1)
}

const load = () => {
  try {
    return loadConfiguration(configurationSchema, {
      argv: process.argv.slice(2),
      env: process.env,
      file: 'relais.config.json',
      summary: 'Runs every service of Relais in this process, on a folder.',
    })
  } catch (error) {
    return fail(error)
  }
}

const loaded = load()
if (loaded.kind === 'help') process.stdout.write(loaded.text)
else {
  const configuration = withFreePorts(loaded.value, loaded.origins)
  const started = await startStandalone(configuration, { say, machine: hostname() }).catch(fail)
  await runUntilSignal(started.lifecycle, started.logger, { say }).catch(fail)
  started.afterwards()
  process.exit(0)
}
