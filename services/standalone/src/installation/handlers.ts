import type {
  InstallationServiceImplementation,
  StatusResponse,
} from '@relais/proto/standalone/v1/installation.ts'
import { type Call, terminal } from '@relais/service-kit'
import type { DataFolder } from '../data-folder.ts'
import type { Relais } from '../relais.ts'
import { backup } from './backup.ts'

export type InstallationDeps = {
  readonly relais: Relais
  readonly data: DataFolder
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

/** What operators ask of the installation as a whole. */
export const installationHandlers = (deps: InstallationDeps): InstallationServiceImplementation<Call> => ({
  backup: async function* (_request, call) {
    requireOperator(call)
    const { log, blobs, stores } = deps.relais
    yield* backup({ data: deps.data, log, blobs, stores })
  },
  status: async (_request, call) => {
    requireOperator(call)
    return status(deps)
  },
})

const requireOperator = ({ identity }: Call) => {
  if (identity.actor.kind !== 'operator')
    throw terminal('PERMISSION_DENIED', 'only operators may ask for that')
}

const status = async ({ relais, version, startedAt }: InstallationDeps): Promise<StatusResponse> => {
  const { log, lifecycle, directory, mail, mailTransport, deviceSync } = relais
  const checkpoints: Readonly<Record<string, () => number>> = {
    directory: () => directory.checkpoint(),
    mail: () => mail.checkpoint(),
    'mail-transport': () => mailTransport.projector.checkpoint(),
    'device-sync': () => deviceSync.projector.checkpoint(),
  }
  const services = lifecycle.health().components.filter(({ name }) => checkpoints[name] !== undefined)
  return {
    version,
    startedAt,
    head: await log.head({}),
    heldRequests: deviceSync.held.count,
    services: await Promise.all(
      services.map(async ({ name, ready, reason }) => ({
        service: name,
        health: ready ? 'good' : (reason ?? 'not ready'),
        checkpoint: checkpoints[name]?.() ?? 0,
        head: await log.head({ service: name }),
      })),
    ),
  }
}
