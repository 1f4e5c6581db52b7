import { readdirSync, readFileSync } from 'node:fs'

/** What a process has used since it began. */
export type Usage = {
  readonly cpuMs: number
  readonly residentMiB: number
  /** Of one process, at any time since it started. */
  readonly mostMiB: number
}

/** Of Linux: clock ticks of /proc are a hundred a second on every machine that Node runs on. */
const TICK_MS = 10

/** Everything that descends from a process, by what it is: `mail`, `device-sync`, `postgres`, `nats-server` … summed where there are several. */
export const usageBelow = (ancestor: number): ReadonlyMap<string, Usage> =>
  usageOfAll(descendantsOf(ancestor))

/** The same with the process itself, which may be all that there is. */
export const usageFrom = (ancestor: number): ReadonlyMap<string, Usage> =>
  usageOfAll([ancestor, ...descendantsOf(ancestor)])

const usageOfAll = (pids: readonly number[]): ReadonlyMap<string, Usage> => {
  const usage = new Map<string, Usage>()
  for (const pid of pids) {
    const name = nameIn(commandOf(pid))
    const one = usageOf(pid)
    if (name === undefined || one === undefined) continue
    usage.set(name, together(usage.get(name) ?? NOTHING, one))
  }
  return usage
}

const NOTHING: Usage = { cpuMs: 0, residentMiB: 0, mostMiB: 0 }

const together = (one: Usage, other: Usage): Usage => ({
  cpuMs: one.cpuMs + other.cpuMs,
  residentMiB: one.residentMiB + other.residentMiB,
  mostMiB: Math.max(one.mostMiB, other.mostMiB),
})

/** A service by its main.ts, a server by its program; undefined: neither. */
export const nameIn = (command: string): string | undefined => {
  const service = /services\/([a-z-]+)\/src\/main\.ts/.exec(command)?.[1]
  if (service !== undefined) return service
  return /(?:^|\/)(nats-server|postgres|versitygw|haproxy)/.exec(command.split(' ')[0] ?? '')?.[1]
}

/** Own time and that of children that have ended, and memory that is nobody else's or shared, as the kernel counts it. */
const usageOf = (pid: number): Usage | undefined => {
  try {
    return usageIn(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return undefined // it has ended
  }
}

/** proc_pid_stat(5): utime, stime, cutime, cstime are the fields 14 to 17; the name in brackets may have blanks. proc_pid_status(5) has memory in KiB, whatever a page is. */
export const usageIn = (stat: string, status: string): Usage => {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const ticks = fields.slice(11, 15).reduce((sum, one) => sum + one, 0)
  return {
    cpuMs: ticks * TICK_MS,
    residentMiB: mebibytesIn(status, 'VmRSS'),
    mostMiB: mebibytesIn(status, 'VmHWM'),
  }
}

/** A process that has ended and waits to be asked about has none. */
const mebibytesIn = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024

const descendantsOf = (ancestor: number): number[] =>
  childrenOf(ancestor).flatMap((pid) => [pid, ...descendantsOf(pid)])

const childrenOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
