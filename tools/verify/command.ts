import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Check } from './check.ts'

type Output = { readonly code: number | null; readonly text: string }

export type CommandOptions = {
  /** Folder inside the repository; default: its root. */
  readonly folder?: string
  /** Parts of lines that aren't worth reading. */
  readonly noise?: RegExp
}

/** Runs one of the workspace's own tools. Errors: it isn't installed. */
export const runTool = (
  root: string,
  [tool = '', ...args]: readonly string[],
  folder = '.',
): Promise<Output> =>
  new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin', tool), args, { cwd: join(root, folder) })
    let text = ''
    const print = (chunk: Buffer) => {
      text += chunk
    }
    child.stdout.on('data', print)
    child.stderr.on('data', print)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, text }))
  })

/** A check that another program does; what it prints is what is wrong. */
export const commandCheck = (
  name: string,
  command: readonly string[],
  { folder, noise }: CommandOptions = {},
): Check => ({
  name,
  run: async (root) => {
    const { code, text } = await runTool(root, command, folder)
    if (code === 0) return []
    return [
      text
        .split('\n')
        .filter((line) => noise === undefined || !noise.test(line))
        .join('\n')
        .trim() || `exit code ${code}`,
    ]
  },
})
