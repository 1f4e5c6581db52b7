import { spawn } from 'node:child_process'

/** What an engine makes (bridges, rules of iptables, mounts, processes) goes with the namespaces in which it makes it. */
const NAMESPACES = ['--net', '--mount', '--mount-proc', '--pid', '--fork', '--kill-child']

/** Runs this Node with these arguments in namespaces of its own; answers with its exit code. */
export const inNamespaces = (args: readonly string[]): Promise<number> => {
  const child = spawn('unshare', [...NAMESPACES, process.execPath, ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return exitCodeOf(child)
}

export const exitCodeOf = (child: ReturnType<typeof spawn>): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
