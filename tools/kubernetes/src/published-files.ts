import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'

const MODULES = fileURLToPath(new URL('../../go/', import.meta.url))

/**
 * Folder of a Go module in the version that `tools/go/NAME` pins: what is published beside a program, such as the objects it is installed by.
 * Errors: Go isn't there, or the module can't be had.
 */
export const publishedFiles = async (name: string, module: string): Promise<string> => {
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' }
  const said = await run('go', ['mod', 'download', '-json', module], { cwd: join(MODULES, name), env })
  return (JSON.parse(said) as { Dir: string }).Dir
}
