import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { processesOf, removeGroup } from './cgroups.ts'
import { groupOf, networkName } from './node-files.ts'
import type { Place } from './place.ts'
import { run } from './run.ts'

/** Where programs leave things that no setting moves. */
const LINKS_TO_LOGS = '/var/log/containers'
const NETWORKS = '/var/lib/cni/results'
const TRIES = 100

/** Takes away what killed processes leave outside of the cluster's folder, and then that. */
export const removeLeftovers = async (place: Place): Promise<void> => {
  const sockets = shimSockets(place)
  for (const node of place.nodes()) await untilNobodyRuns(groupOf(place, node))
  await unmountAll(place.folder)
  for (const node of place.nodes()) {
    removeGroup(groupOf(place, node))
    removeNamed(NETWORKS, `${networkName(place, node)}-`)
  }
  for (const socket of sockets) rmSync(socket, { force: true })
  removeLinksInto(place.folder)
  rmSync(place.folder, { recursive: true, force: true })
}

const untilNobodyRuns = async (group: string): Promise<void> => {
  for (let tries = 0; processesOf(group).length > 0; tries++) {
    if (tries === TRIES) throw new Error(`processes of ${group} don't end`)
    await pause(50)
  }
}

/** Where shims listened: each bundle has a file that says it. */
const shimSockets = (place: Place): readonly string[] =>
  place.nodes().flatMap((node) => {
    const tasks = place.node(node, 'containerd/state/io.containerd.runtime.v2.task/k8s.io')
    if (!existsSync(tasks)) return []
    return readdirSync(tasks).flatMap((id) => {
      const file = join(tasks, id, 'bootstrap.json')
      const found = existsSync(file) ? /unix:\/\/([^"]+)/.exec(readFileSync(file, 'utf8')) : null
      return found?.[1] === undefined ? [] : [found[1]]
    })
  })

/** Points of /proc/mounts below a folder, the innermost first. */
export const mountsBelow = (folder: string, mounts: string): readonly string[] =>
  mounts
    .split('\n')
    .map((line) =>
      (line.split(' ')[1] ?? '').replace(/\\(\d{3})/g, (_, code) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    )
    .filter((point) => point.startsWith(`${folder}/`))
    .sort()
    .reverse()

const unmountAll = async (folder: string): Promise<void> => {
  for (const point of mountsBelow(folder, readFileSync('/proc/mounts', 'utf8')))
    await run('umount', ['-l', point])
}

const removeNamed = (folder: string, start: string) => {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) if (name.startsWith(start)) rmSync(join(folder, name))
}

const removeLinksInto = (folder: string) => {
  if (!existsSync(LINKS_TO_LOGS)) return
  for (const name of readdirSync(LINKS_TO_LOGS)) {
    const path = join(LINKS_TO_LOGS, name)
    if (lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${folder}/`)) rmSync(path)
  }
}
