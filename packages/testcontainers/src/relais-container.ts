import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { type Plan, seedOf } from './plan.ts'
import { PlannedRelais } from './planned-relais.ts'
import { type RunningRelais, runningRelais } from './running-relais.ts'

/** As `npm run image` names it. */
export const DEFAULT_IMAGE = 'localhost/relais:dev'

const PORTS = { eas: 8080, admin: 8090, lmtp: 2424, smtp: 2525, submission: 2587 } as const
const DATA = '/tmp/data'
const SEED = '/etc/relais/seed.json'
/** The command line is started for each command: it is compiled for the first one alone. */
export const COMPILED_ONCE = { NODE_COMPILE_CACHE: '/tmp/compiled' } as const
const START_MS = 120_000
/** The image's. */
const USER = 65_532
export const NODE = '/usr/bin/node'
export const COMMAND_LINE = ['/relais/deploy/image/bin/start.ts', 'cli'] as const

/** Relais in one container: every service in one process, with data that is gone afterwards. */
export class RelaisContainer extends PlannedRelais {
  readonly #image: string

  constructor(image = DEFAULT_IMAGE) {
    super()
    this.#image = image
  }

  override async start(): Promise<RunningRelais> {
    const container = await new GenericContainer(this.#image)
      .withCommand(['standalone'])
      .withEnvironment(environmentOf(this.plan))
      .withCopyContentToContainer([{ content: seedOf(this.plan), target: SEED }])
      .withTmpFs({ '/tmp': `rw,uid=${USER}` }) // nothing outlives it: no disk is waited for
      .withExposedPorts(...Object.values(PORTS))
      .withWaitStrategy(Wait.forLogMessage(/^Relais is ready/m))
      .withStartupTimeout(START_MS)
      .start()
    return stoppedUnless(container, async () => {
      const { token } = JSON.parse(
        await nodeIn(container)(['-p', `fs.readFileSync('${DATA}/running.json', 'utf8')`]),
      )
      return runningRelais(placeOf(container, token), this.plan)
    })
  }
}

/** What its process is told. */
export const environmentOf = ({ settings }: Plan): Record<string, string> => ({
  ...settings,
  RELAIS_DATA: DATA,
  RELAIS_SEED: SEED,
  RELAIS_HOST: '0.0.0.0',
  RELAIS_LOG_FILE: '-',
  RELAIS_THROW_AWAY: 'true',
  RELAIS_PASSWORDS_IN_CLEAR: 'true',
  ...COMPILED_ONCE,
})

const placeOf = (container: StartedTestContainer, token: string) => {
  const host = container.getHost()
  const at = (port: number) => ({ host, port: container.getMappedPort(port) })
  const url = (port: number) => `http://${host}:${container.getMappedPort(port)}`
  return {
    eas: url(PORTS.eas),
    admin: { url: url(PORTS.admin), token },
    ...{ lmtp: at(PORTS.lmtp), smtp: at(PORTS.smtp), submission: at(PORTS.submission) },
    node: nodeIn(container),
    commandLine: [...COMMAND_LINE, '--data', DATA],
    folder: '/tmp',
    stop: async () => void (await container.stop()),
  }
}

/** Runs Node in a container, which has no shell. */
export const nodeIn =
  (container: StartedTestContainer) =>
  async (args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await container.exec([NODE, ...args])
    if (exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${stderr.trim()}${stdout.trim()}`)
    return stdout
  }

/** Nothing is left behind by a start that fails half-way. */
export const stoppedUnless = async <T>(
  started: { stop(): Promise<unknown> },
  rest: () => Promise<T>,
): Promise<T> => {
  try {
    return await rest()
  } catch (error) {
    await started.stop()
    throw error
  }
}
