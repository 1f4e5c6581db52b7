import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Checkout = { readonly root: string; remove(): void }

/** Another revision of this repository, checked out and installed beside it. */
export const checkOut = (root: string, revision: string): Checkout => {
  const parent = mkdtempSync(join(tmpdir(), 'relais-against-'))
  chmodSync(parent, 0o711) // PostgreSQL's programs are in it, and run as another user where root measures
  const folder = join(parent, 'relais')
  run(root, 'git', ['worktree', 'add', '--detach', folder, revision])
  const remove = () => {
    spawnSync('git', ['worktree', 'remove', '--force', folder], { cwd: root })
    rmSync(join(folder, '..'), { recursive: true, force: true })
  }
  try {
    if (!existsSync(join(folder, 'services/standalone/src/main.ts')))
      throw new Error(`${revision} has no standalone service to measure`)
    run(folder, 'node', ['tools/bootstrap.mjs'])
    return { root: folder, remove }
  } catch (error) {
    remove()
    throw error
  }
}

const run = (cwd: string, command: string, args: readonly string[]) => {
  const done = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}`)
}
