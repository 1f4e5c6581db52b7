// npm run proto: lint the contracts and write packages/proto/src anew.
// npm run proto -- --accept: also take today's contracts as what `buf breaking` compares with.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const buf = (...args: string[]) => {
  const done = spawnSync(`${root}/node_modules/.bin/buf`, args, { cwd: `${root}/proto`, stdio: 'inherit' })
  if (done.status !== 0) process.exit(done.status ?? 1)
}

buf('lint')
rmSync(`${root}/packages/proto/src`, { recursive: true, force: true })
buf('generate')
if (process.argv.includes('--accept')) buf('build', '-o', 'accepted.binpb')
