import { type Component, createMetricsServer, type Telemetry } from '@relais/service-kit'
import { StartError } from './start-error.ts'

export type MetricsPort = { readonly port: number; readonly component: Component }

/** Opens /metrics, for this machine alone: figures say when people work. Undefined: nobody asked for it. Errors: {@link StartError}. */
export const openMetricsPort = async (
  { exposition }: Telemetry,
  port: number | undefined,
): Promise<MetricsPort | undefined> => {
  if (exposition === undefined || port === undefined) return undefined
  const server = createMetricsServer(exposition)
  try {
    const listening = await server.listen('127.0.0.1', port)
    return { port: listening.port, component: { name: 'figures', stop: () => server.close() } }
  } catch (error) {
    throw new StartError(`port ${port} for figures can't be had: another program uses it`, { cause: error })
  }
}
