import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'

const script = fileURLToPath(new URL('bootstrap.mjs', import.meta.url))

/** What stands for npx: writes down how it was called, and does what an install leaves behind. */
const INSTALLS = 'mkdir -p node_modules/.bin packages/one/node_modules; touch node_modules/.bin/node'

const workspace = async (context: TestContext, npx = INSTALLS) => {
  const root = await temporaryFolder(context)
  for (const folder of ['tools', 'bin', 'packages/one', 'services'])
    mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(script, join(root, 'tools/bootstrap.mjs'))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'packages/one/package.json'), '{"dependencies": {"other": "1"}}')
  writeFileSync(join(root, 'pnpm-workspace.yaml'), '')
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 1\n')
  const become = (commands: string) => {
    writeFileSync(join(root, 'bin/npx'), `#!/bin/sh\necho "$@" >> calls\n${commands}\n`)
    chmodSync(join(root, 'bin/npx'), 0o755)
  }
  become(npx)
  const run = (...options: string[]) => {
    const env = { ...process.env, PATH: `${join(root, 'bin')}:/usr/bin:/bin` }
    return spawnSync(process.execPath, [...options, join(root, 'tools/bootstrap.mjs')], {
      env,
      encoding: 'utf8',
    })
  }
  const calls = () =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []
  return { root, run, calls, become }
}

test('the first run installs from the lockfile with the pinned pnpm, the next does nothing and says nothing', async (context) => {
  const { run, calls } = await workspace(context)
  assert.equal(run().status, 0)
  assert.match(
    calls()[0] ?? '',
    /^--yes --prefer-offline pnpm@\d+\.\d+\.\d+ install --frozen-lockfile --prefer-offline/,
  )
  const { status, stdout, stderr } = run()
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
  assert.equal(calls().length, 1)
})

for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'packages/one/package.json']) {
  test(`a change of ${file} installs again`, async (context) => {
    const { root, run, calls } = await workspace(context)
    run()
    appendFileSync(join(root, file), '\n')
    run()
    assert.equal(calls().length, 2)
  })
}

for (const part of ['node_modules/.bin/node', 'node_modules', 'packages/one/node_modules']) {
  test(`without ${part} the install is made again`, async (context) => {
    const { root, run, calls } = await workspace(context)
    run()
    rmSync(join(root, part), { recursive: true })
    assert.equal(run().status, 0)
    assert.equal(calls().length, 2)
  })
}

test('an install that fails is told in one line, and tried again the next time', async (context) => {
  const { run, calls, become } = await workspace(context, 'echo "ERR_PNPM_SOMETHING broken"; exit 1')
  const { status, stderr } = run()
  assert.equal(status, 1)
  assert.match(stderr, /ERR_PNPM_SOMETHING broken/)
  assert.match(
    stderr,
    /^relais: could not install the dependencies: the lines above say why; the same command tries again$/m,
  )
  become(INSTALLS)
  assert.equal(run().status, 0)
  assert.equal(calls().length, 2)
})

for (const words of [
  'npm error code ENOTFOUND',
  'ERR_PNPM_META_FETCH_FAIL  GET https://registry.example/x',
  'connect ECONNREFUSED 127.0.0.1:9',
]) {
  test(`a registry that can't be reached is named as such: ${words}`, async (context) => {
    const { run } = await workspace(context, `echo "${words}" >&2; exit 1`)
    const { status, stderr } = run()
    assert.equal(status, 1)
    assert.match(stderr, /^relais: .*the npm registry can't be reached/m)
  })
}

test('an install that was killed is made again', async (context) => {
  const { run, calls, become } = await workspace(context, `${INSTALLS}; kill -9 $PPID`)
  assert.equal(run().signal, 'SIGKILL')
  become(INSTALLS)
  assert.equal(run().status, 0)
  assert.equal(calls().length, 2)
})

test('while an install runs the shim of the pinned Node is not there: without its binary nothing could run again', async (context) => {
  const { root, run, become } = await workspace(context)
  run()
  appendFileSync(join(root, 'pnpm-lock.yaml'), '\n')
  become('test -e node_modules/.bin/node && echo there; exit 1')
  assert.doesNotMatch(run().stderr, /there\n/)
})

test('without npx it is told in one line', async (context) => {
  const { root } = await workspace(context)
  rmSync(join(root, 'bin/npx'))
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'tools/bootstrap.mjs')], {
    env: { PATH: join(root, 'bin') },
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.match(stderr, /^relais: could not install the dependencies/m)
  assert.doesNotMatch(stderr, /at .*bootstrap\.mjs/)
})

test('a Node that is too old is told in one line', async (context) => {
  const { run, calls } = await workspace(context)
  const old = "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })"
  const { status, stderr } = run('--import', `data:text/javascript,${encodeURIComponent(old)}`)
  assert.equal(status, 1)
  assert.equal(stderr, 'relais: this is Node 18.20.4; Node 20 or newer is needed\n')
  assert.deepEqual(calls(), [])
})

test('a lock of a process that is gone is taken over', async (context) => {
  const { root, run } = await workspace(context)
  mkdirSync(join(root, 'node_modules'))
  const { pid } = spawnSync('/bin/true')
  writeFileSync(join(root, 'node_modules/.relais-bootstrap.lock'), String(pid))
  assert.equal(run().status, 0)
  assert.equal(existsSync(join(root, 'node_modules/.relais-bootstrap.lock')), false)
})
