import type { Used } from '../report/report.ts'
import { type Usage, usageFrom } from '../sizing/processes.ts'

type UsageByName = ReadonlyMap<string, Usage>

export type Watched = {
  /** What each kind of process used since it is watched, in so many seconds. */
  used(seconds: number): readonly Used[]
  close(): void
}

/** A process that ended takes with it what the most was that it had. */
const LOOK_MS = 5000

/** Watches an installation on this machine; undefined: it isn't there, and nothing is known of it. */
export const watchInstallation = (
  pid: number | undefined,
  usageOf: (pid: number) => UsageByName = usageFrom,
): Watched => {
  if (pid === undefined) return { used: () => [], close: () => {} }
  const before = usageOf(pid)
  const most = new Map<string, number>()
  const look = (): UsageByName => {
    const usage = usageOf(pid)
    for (const [name, { mostMiB }] of usage) most.set(name, Math.max(mostMiB, most.get(name) ?? 0))
    return usage
  }
  const timer = setInterval(look, LOOK_MS)
  return {
    used: (seconds) => usedSince(before, look(), { seconds, most }),
    close: () => clearInterval(timer),
  }
}

/** A process that was started anew begins at nothing. */
const usedSince = (
  before: UsageByName,
  after: UsageByName,
  { seconds, most }: { readonly seconds: number; readonly most: ReadonlyMap<string, number> },
): readonly Used[] =>
  [...after].map(([name, { cpuMs, residentMiB, mostMiB }]) => ({
    name,
    cores: seconds === 0 ? 0 : Math.max(0, cpuMs - (before.get(name)?.cpuMs ?? 0)) / 1000 / seconds,
    residentMiB,
    mostMiB: most.get(name) ?? mostMiB,
  }))
