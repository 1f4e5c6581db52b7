import type { ServerProcess } from '@relais/servers'
import type { NatsServer } from '@relais/servers/nats.ts'
import type { RunningService } from './services.ts'

/** One process of the cluster that may be hurt and started again in its place: on its ports, over its folder. */
export type Part = {
  /** `nats-2`, `postgres`, `s3`, `haproxy`, `mail`, `device-sync-1` */
  readonly name: string
  readonly kind: 'server' | 'service'
  /** False: it has ended, by itself or not. */
  running(): boolean
  /** kill -9. */
  kill(): Promise<void>
  /** SIGTERM: it ends in its own way. */
  stop(): Promise<void>
  /** SIGSTOP, SIGCONT. */
  pause(): void
  resume(): void
  /** After `kill`, `stop` or an end of its own; resolves when it answers, which is before it is ready. */
  start(): Promise<void>
}

/** What a server of `@relais/servers` offers. */
export type HurtableServer = {
  running(): boolean
  kill(): Promise<unknown>
  stop(): Promise<unknown>
  pause(): void
  resume(): void
  start(): Promise<unknown>
}

export const partOfServer = (name: string, server: HurtableServer): Part => ({
  name,
  kind: 'server',
  running: () => server.running(),
  kill: async () => void (await server.kill()),
  stop: async () => void (await server.stop()),
  pause: () => server.pause(),
  resume: () => server.resume(),
  start: async () => void (await server.start()),
})

export const partOfNats = (server: NatsServer, n: number): Part =>
  partOfServer(`nats-${n + 1}`, {
    running: () => server.process().running(),
    kill: () => server.kill(),
    stop: () => server.stop(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    start: () => server.start(),
  })

/** A server whose starting makes a new handle. */
export const partOfProcess = <Started extends ServerProcess>(
  name: string,
  first: Started,
  start: () => Promise<Started>,
): Part => {
  let present = first
  return partOfServer(name, {
    running: () => present.running(),
    kill: () => present.kill(),
    stop: () => present.stop(),
    pause: () => present.pause(),
    resume: () => present.resume(),
    start: async () => {
      present = await start()
    },
  })
}

export const partOfService = (service: RunningService): Part => ({
  ...partOfServer(service.name, {
    running: () => service.process.running(),
    kill: () => service.process.kill(),
    stop: () => service.process.stop(),
    pause: () => service.process.pause(),
    resume: () => service.process.resume(),
    start: () => service.restart(),
  }),
  kind: 'service',
})
