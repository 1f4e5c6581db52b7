import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ASKING = `import { pinnedProgram } from ${JSON.stringify(new URL('pinned-program.ts', import.meta.url).href)}
process.stdout.write(await pinnedProgram('nats-server'))`

/** A machine of its own: an empty cache, and a Go that says when it builds and makes a file. */
const machine = () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-programs-'))
  const path = join(folder, 'path')
  mkdirSync(path)
  const script = `#!/bin/sh\necho built >> ${folder}/builds\nsleep 0.3\nwhile [ "$1" != -o ]; do shift; done\necho program > "$2"\n`
  writeFileSync(join(path, 'go'), script, { mode: 0o755 })
  const ask = async () =>
    (
      await run(process.execPath, ['--input-type=module', '-e', ASKING], {
        env: { PATH: `${path}:/usr/bin:/bin`, XDG_CACHE_HOME: join(folder, 'cache') },
      })
    ).stdout
  const programs = () => readdirSync(join(folder, 'cache/relais/programs'))
  return { folder, ask, programs, end: () => rmSync(folder, { recursive: true }) }
}

test('two processes that ask at once build a program once', async (context) => {
  const { folder, ask, programs, end } = machine()
  context.after(end)
  const [one, other] = await Promise.all([ask(), ask()])
  assert.equal(one, other)
  const { stdout } = await run('/bin/cat', [join(folder, 'builds')])
  assert.equal(stdout, 'built\n')
  assert.equal(programs().length, 1)
})

test('a process that was killed while it built keeps nobody waiting', async (context) => {
  const { folder, ask, programs, end } = machine()
  context.after(end)
  const name = (await ask()).split('/').at(-1) ?? ''
  const cache = join(folder, 'cache/relais/programs')
  rmSync(join(cache, name))
  const gone = await run('/bin/sh', ['-c', 'echo $$'])
  writeFileSync(join(cache, `${name}.building`), gone.stdout.trim())
  await ask()
  assert.deepEqual(programs(), [name])
})
