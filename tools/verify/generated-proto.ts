import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Check } from './check.ts'
import { runTool } from './command.ts'

const filesIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path, 'utf8')]),
  )

/** Files that differ, lack or are left over. */
export const differences = (
  made: ReadonlyMap<string, string>,
  committed: ReadonlyMap<string, string>,
): string[] =>
  [...new Set([...made.keys(), ...committed.keys()])]
    .filter((path) => made.get(path) !== committed.get(path))
    .sort()

/** What `npm run proto` makes of proto/ is what is committed in packages/proto. */
export const generatedProto: Check = {
  name: 'generated code',
  run: async (root) => {
    const folder = mkdtempSync(join(tmpdir(), 'relais-proto-'))
    try {
      const { code, text } = await runTool(root, ['buf', 'generate', '-o', join(folder, 'proto')], 'proto')
      if (code !== 0) return [text]
      const made = filesIn(join(folder, 'packages/proto/src'))
      return differences(made, filesIn(join(root, 'packages/proto/src'))).map(
        (path) => `packages/proto/src/${path} isn't what proto/ says: npm run proto`,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
