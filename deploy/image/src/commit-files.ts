import { execFile, spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { readTar } from './read-tar.ts'
import type { Entry } from './tar.ts'

const run = promisify(execFile)

export type Commit = { readonly id: string; readonly at: Date; readonly files: readonly Entry[] }

/** The files of a commit under the given paths, as they were committed: what lies in the work tree doesn't matter. */
export const filesOfCommit = async (
  root: string,
  reference: string,
  paths: readonly string[],
): Promise<Commit> => {
  const { stdout } = await run('git', ['log', '-1', '--format=%H %ct', reference], { cwd: root })
  const [id = '', seconds = ''] = stdout.trim().split(' ')
  const archive = await output('git', ['archive', '--format=tar', id, '--', ...paths], root)
  return {
    id,
    at: new Date(Number(seconds) * 1000),
    files: readTar(archive)
      .map(plain)
      .filter(({ kind }) => kind !== 'folder'),
  }
}

/** Git knows whether a file runs; the rest of its mode is the machine's. */
const plain = (entry: Entry): Entry =>
  entry.kind === 'file' ? { ...entry, mode: (entry.mode & 0o100) === 0 ? 0o644 : 0o755 } : entry

/** All that a program prints. Errors: it fails; what it says against it is the reason. */
export const output = async (program: string, args: readonly string[], cwd: string): Promise<Buffer> => {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [printed, complaint, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])
  if (code !== 0) throw new Error(`${program} ${args[0]} failed: ${complaint.toString().trim()}`)
  return printed
}
