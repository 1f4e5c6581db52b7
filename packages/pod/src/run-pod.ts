import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createLogger, loadConfiguration, runUntilSignal, startTelemetry } from '@relais/service-kit'
import type { z } from 'zod'
import type { podSettings } from './configuration.ts'
import { giveBackMemory } from './give-back.ts'
import { type Opened, type Pod, ServicePod } from './pod.ts'

type PodSchema = z.ZodObject<(typeof podSettings)['shape']>

export type PodDefinition<Schema extends PodSchema> = {
  /** Of the service. */
  readonly name: string
  readonly summary: string
  readonly schema: Schema
  open(pod: Pod, configuration: z.output<Schema>): Promise<Opened>
}

/** What a pod needs of Node's process. */
export type PodProcess = Pick<NodeJS.Process, 'argv' | 'env' | 'stdout' | 'stderr' | 'exit' | 'pid'>

/** The whole life of a pod's process: reads the configuration, waits for what it needs, serves, drains at a signal. */
export const runPod = async <Schema extends PodSchema>(
  { argv, env, stdout, stderr, exit, pid }: PodProcess,
  { name, summary, schema, open }: PodDefinition<Schema>,
): Promise<void> => {
  const say = (line: string) => void stderr.write(`${line}\n`)
  let pod: ServicePod | undefined
  try {
    const command = `node services/${name}/src/main.ts`
    const loaded = loadConfiguration(schema, { argv: argv.slice(2), env, command, summary })
    if (loaded.kind === 'help') return void stdout.write(loaded.text)
    const configuration = loaded.value as z.output<PodSchema> & z.output<Schema>
    const logger = createLogger({ name, level: configuration.logLevel })
    const telemetry = await startTelemetry({
      ...configuration.telemetry,
      ...{ service: name, version: version(), metrics: true, logger },
    })
    const running = new ServicePod({
      ...{ name, configuration, logger, exposition: telemetry.exposition },
      open: (pod) => open(pod, configuration),
    })
    pod = running
    const announced = announceWhenReady(running, configuration.readyFile, pid)
    const waiting = whenReady(running, () => void setTimeout(giveBackMemory, SETTLED_MS).unref())
    await runUntilSignal({ ...methodsOf(running) }, logger, { say })
    waiting()
    announced()
    await telemetry.stop?.()
    exit(0)
  } catch (error) {
    if (pod?.ending) return exit(0)
    say(`relais ${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    exit(1)
  }
}

const version = (): string => {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}

/** The pod in the place of its lifecycle: it says that it isn't ready before it drains. */
const methodsOf = (pod: ServicePod) => ({
  add: (component: Parameters<ServicePod['add']>[0]) => pod.add(component),
  start: () => pod.lifecycle.start(),
  stop: () => pod.stop(),
  health: () => pod.lifecycle.health(),
})

const LOOK_MS = 50

/** By then what the start brings with it has been done. */
const SETTLED_MS = 3000

/** Writes the file when the pod is ready for the first time; what is returned takes it away. */
const announceWhenReady = (pod: ServicePod, file: string | undefined, pid: number): (() => void) => {
  if (file === undefined) return () => {}
  const stop = whenReady(pod, () =>
    writeFileSync(file, `${JSON.stringify({ pid, ...pod.addresses }, null, 1)}\n`, { mode: 0o600 }),
  )
  return () => {
    stop()
    rmSync(file, { force: true })
  }
}

/** Acts when the pod is ready for the first time, unless what is returned was called before. */
const whenReady = (pod: ServicePod, act: () => void): (() => void) => {
  const looking = setInterval(() => {
    if (!pod.lifecycle.health().ready) return
    clearInterval(looking)
    act()
  }, LOOK_MS).unref()
  return () => clearInterval(looking)
}
