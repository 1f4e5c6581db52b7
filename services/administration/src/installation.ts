import type { InstallationServiceImplementation } from '@relais/proto/standalone/v1/installation.ts'
import { type Call, terminal } from '@relais/service-kit'

const standaloneOnly = (instead: string) =>
  terminal('STANDALONE_ONLY', `this Relais is many processes and has no data folder: ${instead}`)

/** Calls about one process and its data folder: here they are refused, in words that say what to do. */
export const noInstallation: InstallationServiceImplementation<Call> = {
  // biome-ignore lint/correctness/useYield: it never gets so far
  async *backup() {
    throw standaloneOnly('back up the servers of log, rows and blobs')
  },
  status: async () => {
    throw standaloneOnly('ask each process’s /readyz')
  },
}
