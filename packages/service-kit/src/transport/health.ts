import { type CallContext, ServerError, Status } from 'nice-grpc'
import { HealthDefinition } from './health-definition.ts'

export type Serving = 'SERVING' | 'NOT_SERVING'

type Request = { readonly service: string }
type Response = { readonly status: Serving | 'SERVICE_UNKNOWN' }

/** The gRPC health service (grpc.health.v1): one state per service, '' is the whole server. Needs no authentication. */
export class Health {
  static readonly definition = HealthDefinition
  readonly #states = new Map<string, Serving>()
  readonly #watchers = new Set<() => void>()
  #closed = false

  set(service: string, state: Serving): void {
    this.#states.set(service, state)
    for (const wake of this.#watchers) wake()
  }

  /** The server goes away: everything is NOT_SERVING, and watches end once they have said so. */
  close(): void {
    this.#closed = true
    for (const service of this.#states.keys()) this.set(service, 'NOT_SERVING')
  }

  implementation() {
    return {
      Check: async ({ service }: Request): Promise<Response> => this.#known(service),
      List: async () => ({
        statuses: Object.fromEntries([...this.#states].map(([name, status]) => [name, { status }])),
      }),
      Watch: (request: Request, { signal }: CallContext) => this.#watch(request.service, signal),
    }
  }

  #known(service: string): Response {
    const status = this.#states.get(service)
    if (status === undefined) throw new ServerError(Status.NOT_FOUND, 'no such service here')
    return { status }
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<Response, void> {
    let told: Response['status'] | undefined
    while (!signal.aborted) {
      const status = this.#states.get(service) ?? 'SERVICE_UNKNOWN'
      if (status !== told) yield { status }
      else if (this.#closed) return
      else await this.#change(signal)
      told = status
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#watchers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#watchers.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
