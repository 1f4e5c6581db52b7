// Brings node_modules in line with the lockfile; does nothing, in milliseconds, when they already agree.
// Plain JavaScript for any Node >= 20: it runs before the pinned Node is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PNPM = 'pnpm@10.34.9'
const root = new URL('..', import.meta.url).pathname
const stamp = join(root, 'node_modules/.relais-bootstrap')

const manifests = () =>
  ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml'].concat(
    ['packages', 'services'].flatMap((folder) =>
      readdirSync(join(root, folder))
        .map((name) => `${folder}/${name}/package.json`)
        .filter((file) => existsSync(join(root, file))),
    ),
    existsSync(join(root, 'load-tests/package.json')) ? ['load-tests/package.json'] : [],
  )

const wanted = () => {
  const hash = createHash('sha256')
  for (const file of manifests()) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

const want = wanted()
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== want) {
  console.error('relais: installing dependencies (once; needs the npm registry)')
  const done = spawnSync(
    'npx',
    [
      '--yes',
      PNPM,
      'install',
      '--frozen-lockfile',
      '--prefer-offline',
      '--reporter=append-only',
      '--loglevel=warn',
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  if (done.error || done.status !== 0) {
    console.error('relais: could not install the dependencies; the lines above say why')
    process.exit(1)
  }
  writeFileSync(stamp, want)
}
