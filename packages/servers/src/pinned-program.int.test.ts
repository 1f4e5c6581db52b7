import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ask = (
  call: string,
) => `import { pinnedProgram, pinnedPrograms } from ${JSON.stringify(new URL('pinned-program.ts', import.meta.url).href)}
process.stdout.write(await ${call})`

/** A machine of its own: an empty cache, and a Go that says when it builds and makes a file. */
const machine = () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-programs-'))
  const path = join(folder, 'path')
  mkdirSync(path)
  const script = `#!/bin/sh\necho built >> ${folder}/builds\necho "$CGO_ENABLED $@" > ${folder}/order\nsleep 0.3\nwhile [ "$1" != -o ]; do shift; done\nif [ -d "$2" ]; then shift; for one; do echo program > "$1/\${one##*/}"; done; else echo program > "$2"; fi\n`
  writeFileSync(join(path, 'go'), script, { mode: 0o755 })
  const asks = async (call = "pinnedProgram('nats-server')") =>
    (
      await run(process.execPath, ['--input-type=module', '-e', ask(call)], {
        env: { PATH: `${path}:/usr/bin:/bin`, XDG_CACHE_HOME: join(folder, 'cache') },
      })
    ).stdout
  const programs = () => readdirSync(join(folder, 'cache/relais/programs'))
  return { folder, ask: asks, programs, end: () => rmSync(folder, { recursive: true }) }
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

test('whether a program was built is asked without building it', async (context) => {
  const { folder, ask, end } = machine()
  context.after(end)
  const asked = "String((await import(process.argv[1] ?? '')).builtProgram('nats-server'))"
  const script = asked.replace(
    "process.argv[1] ?? ''",
    JSON.stringify(new URL('pinned-program.ts', import.meta.url).href),
  )
  assert.equal(await ask(script), 'undefined')
  const place = await ask()
  assert.equal(await ask(script), place)
  assert.equal(readFileSync(join(folder, 'builds'), 'utf8'), 'built\n')
})

test('programs that one module pins are built together, into one folder', async (context) => {
  const { folder, ask, end } = machine()
  context.after(end)
  const place = await ask("pinnedPrograms('containerd')")
  assert.ok(
    ['containerd', 'containerd-shim-runc-v2', 'ctr'].every((name) => readdirSync(place).includes(name)),
  )
  assert.equal(readFileSync(join(folder, 'builds'), 'utf8'), 'built\n')
})

test('a module says for itself which tags, variables and compiler its build needs', async (context) => {
  const { folder, ask, end } = machine()
  context.after(end)
  const orderOf = async (call: string) => {
    await ask(call)
    return readFileSync(join(folder, 'order'), 'utf8')
  }
  assert.match(await orderOf("pinnedProgram('nats-server')"), /^0 build (?!.*-tags)/)
  assert.match(await orderOf("pinnedProgram('runc')"), /^1 build .*-tags seccomp /)
  assert.match(
    await orderOf("pinnedPrograms('kubernetes')"),
    / -X k8s\.io\/component-base\/version\.gitVersion=v1\./,
  )
})
