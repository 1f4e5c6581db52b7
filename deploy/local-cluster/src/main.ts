import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * A terminal's ctrl-C goes to every process of its group: servers would end before the services that need them. So everything runs in
 * a group of its own, and this process passes signals on. A second one ends all at once.
 */
const child = spawn(
  process.execPath,
  [fileURLToPath(new URL('run-cluster.ts', import.meta.url)), ...process.argv.slice(2)],
  { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
)
let told = false
const passOn = (signal: NodeJS.Signals) => {
  if (child.pid === undefined) return
  if (told) process.kill(-child.pid, 'SIGKILL')
  else child.kill(signal)
  told = true
}
process.on('SIGINT', passOn)
process.on('SIGTERM', passOn)
child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
