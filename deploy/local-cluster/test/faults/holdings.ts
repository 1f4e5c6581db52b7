import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Cluster } from '../../src/cluster.ts'
import type { Insides } from './insides.ts'
import type { Holding, Sessions } from './verdict.ts'

/** What each service's process holds now (proc(5), and what it says itself), and how many requests of phones it says that it holds. */
export const holdingsOf = ({ services }: Cluster, insides: Insides): Promise<readonly Holding[]> =>
  Promise.all(
    services.map(async ({ name, health, process: { pid } }) => {
      const { heapMiB, timers } = await insides.ask(name)
      return {
        ...{ name, timers, heapMiB: Math.round(heapMiB) },
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
        residentMiB: Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status(pid))?.[1] ?? 0) / 1024),
        heldRequests: await gaugeAt(health, 'relais_held_requests'),
      }
    }),
  )

/** Sessions of clients that PostgreSQL has. */
export const sessionsOf = async ({ query }: Pick<Cluster, 'query'>): Promise<Sessions> => {
  const rows = await query<{ database: string; count: string }>(
    `SELECT datname AS database, count(*) AS count FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY datname`,
  )
  return new Map(rows.map(({ database, count }) => [database, Number(count)]))
}

const status = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'utf8')

const gaugeAt = async (port: number, name: string): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`))
  return Number(line?.split(' ')[1] ?? 0)
}

/** Processes that run in a folder or were told of it, whoever is their parent by now; once all has ended there is none. */
export const processesOf = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isIn(folder, pid))

const isIn = (folder: string, pid: number): boolean => {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) return true
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
  } catch {
    return false // it has ended meanwhile
  }
}
