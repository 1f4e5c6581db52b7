// npm run proto: lint the contracts and write packages/proto/src anew.
// npm run proto -- --accept: also take today's contracts as what `buf breaking` compares with.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const buf = (...args: string[]) => {
  const done = spawnSync(`${root}/node_modules/.bin/buf`, args, { cwd: `${root}/proto`, stdio: 'inherit' })
  if (done.status !== 0) process.exit(done.status ?? 1)
}

const generated = `${root}/packages/proto/src`
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))

/** Puts made files in the place of those that are there, one by one: who reads them meanwhile finds them. */
const takeOver = (made: string) => {
  const names = filesIn(made)
  for (const name of names) {
    mkdirSync(dirname(join(generated, name)), { recursive: true })
    renameSync(join(made, name), join(generated, name))
  }
  for (const name of filesIn(generated)) if (!names.includes(name)) rmSync(join(generated, name))
}

buf('lint')
// The template's `out` is taken from the folder that -o names.
const temporary = mkdtempSync(`${root}/packages/proto/made-`)
buf('generate', '-o', `${temporary}/a`)
takeOver(`${temporary}/packages/proto/src`)
rmSync(temporary, { recursive: true })
if (process.argv.includes('--accept')) buf('build', '-o', 'accepted.binpb')
