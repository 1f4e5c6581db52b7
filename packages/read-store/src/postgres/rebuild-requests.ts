import { RelaisError } from '@relais/service-kit/errors.ts'

const ASK = 'rebuild'
const REFUSE = 'refused'

type Request = {
  readonly above: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Rebuilds that were asked for in a process that doesn't project: asked of the one that does, by notices. */
export class RebuildRequests {
  readonly #tell: (payload: string) => Promise<void>
  #open: Request[] = []

  constructor(tell: (payload: string) => Promise<void>) {
    this.#tell = tell
  }

  /** Resolves when a generation above a number serves. Errors: as the rebuild's; STORE_UNAVAILABLE. */
  async ask(above: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const request = { above, resolve, reject }
    this.#open.push(request)
    await this.#tell(ASK).catch((error) => this.#end([request], ({ reject }) => reject(error)))
    return promise
  }

  /** Tells who asked that it has failed. */
  async refuse(error: Error): Promise<void> {
    const code = error instanceof RelaisError ? error.code : 'INTERNAL'
    await this.#tell(`${REFUSE} ${code}`).catch(() => {}) // they ask again
  }

  /** True if the notice was about rebuilds. */
  heard(payload: string): boolean {
    const [kind, code = ''] = payload.split(' ')
    if (kind === REFUSE) {
      const error = new RelaisError(code, 'the rebuild failed in the process that projects', true)
      this.#end(this.#open, ({ reject }) => reject(error))
    }
    return kind === ASK || kind === REFUSE
  }

  isAsked(payload: string): boolean {
    return payload === ASK
  }

  served(number: number): void {
    this.#end(
      this.#open.filter(({ above }) => number > above),
      ({ resolve }) => resolve(),
    )
  }

  fail(error: Error): void {
    this.#end(this.#open, ({ reject }) => reject(error))
  }

  #end(requests: readonly Request[], end: (request: Request) => void): void {
    this.#open = this.#open.filter((request) => !requests.includes(request))
    requests.forEach(end)
  }
}
