/** A part of a process that is started and stopped with it: a store, a projector, a listener. */
export type Component = {
  readonly name: string
  /** None: it runs when it is added. */
  start?(): void | Promise<void>
  /** Takes no new work and ends what runs, within so many milliseconds. All components drain at the same time. */
  drain?(graceMs: number): void | Promise<void>
  stop?(): void | Promise<void>
  /** Default: ready as soon as the process is. */
  health?(): ComponentHealth
}

export type ComponentHealth = {
  /** False: only a restart helps (a broken disk, a projection that throws). */
  readonly live: boolean
  /** False: don't send work now (still catching up, the log can't be reached). */
  readonly ready: boolean
  /** For people, where something isn't as it should be. */
  readonly reason?: string
}

export type Health = {
  /** For livez: no component needs a restart. */
  readonly live: boolean
  /** For readyz: the process has started, doesn't drain, and every component is ready. */
  readonly ready: boolean
  readonly components: ReadonlyArray<ComponentHealth & { readonly name: string }>
}

const GOOD: ComponentHealth = { live: true, ready: true }

/** What the components say, as one. */
export const healthOf = (components: readonly Component[], running: boolean): Health => {
  const told = components.map((component) => ({ name: component.name, ...(component.health?.() ?? GOOD) }))
  return {
    live: told.every(({ live }) => live),
    ready: running && told.every(({ ready }) => ready),
    components: told,
  }
}
