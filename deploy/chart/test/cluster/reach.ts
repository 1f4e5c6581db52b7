import type { Installation } from './installation.ts'

/** A pod's address and port, by the name that tests know it by: `mail:7400`. */
export type Target = { readonly name: string; readonly host: string; readonly port: number }

/** Long enough for an answer on a busy machine; what is closed gives none at all. */
const PATIENCE_MS = 3000

/** Run in a pod by its own Node: the targets that take a connection, or refuse it, which a closed network wouldn't let through either. */
const PROBE = `
const { connect } = require('node:net')
const targets = JSON.parse(process.argv[1])
const reached = ({ name, host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port })
  const end = (what) => { socket.destroy(); resolve(what) }
  socket.setTimeout(${PATIENCE_MS}, () => end([]))
  socket.once('connect', () => end([name]))
  socket.once('error', ({ code }) => end(code === 'ECONNREFUSED' ? [name] : []))
})
Promise.all(targets.map(reached)).then((all) => console.log(JSON.stringify(all.flat())))
`

/** Names of the targets that a pod reaches. */
export const reachedFrom = async (
  installation: Installation,
  pod: { readonly namespace: string; readonly name: string },
  targets: readonly Target[],
): Promise<readonly string[]> => {
  const command = ['/usr/bin/node', '-e', PROBE, JSON.stringify(targets)]
  const printed = await installation.cluster.kubectl([
    '-n',
    pod.namespace,
    'exec',
    pod.name,
    '--',
    ...command,
  ])
  return JSON.parse(printed)
}
