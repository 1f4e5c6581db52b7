import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'

const runner = fileURLToPath(new URL('test.ts', import.meta.url))

const PASSING = "import test from 'node:test'\ntest('good', () => {})\n"
const FAILING = "import test from 'node:test'\ntest('bad', () => { throw new Error('broken here') })\n"
const SLOWER_WHEN_SOAKED = `${PASSING}if (process.env.SOAK_TESTS === '1') test('longer', () => {})\n`

const workspace = async (context: TestContext, files: Record<string, string>) => {
  const folder = await temporaryFolder(context)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Node's runner does nothing inside a test process: the variable by which it knows goes. */
const npmTest = (cwd: string, ...args: string[]) => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...args], {
    cwd,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('passing tests end with the closing lines and exit code 0', async (context) => {
  const root = await workspace(context, {
    'packages/a/a.test.ts': PASSING,
    'services/b/b.int.test.ts': PASSING,
  })
  const { status, stdout } = npmTest(root)
  assert.equal(status, 0)
  assert.match(stdout, /^# tests 2$/m)
  assert.match(stdout, /^# pass 2$/m)
  assert.match(stdout, /^# fail 0$/m)
})

test('a failing test is shown in full and the exit code is 1', async (context) => {
  const root = await workspace(context, { 'packages/a/a.test.ts': PASSING, 'packages/a/b.test.ts': FAILING })
  const { status, stdout } = npmTest(root)
  assert.equal(status, 1)
  assert.match(stdout, /✖ bad\n {2}packages\/a\/b\.test\.ts:2\n {4}Error: broken here/)
  assert.match(stdout, /^# fail 1$/m)
})

test('a file that breaks before its first test is a failure, with what it printed', async (context) => {
  const root = await workspace(context, { 'packages/a/a.test.ts': "throw new Error('at load')" })
  const { status, stdout } = npmTest(root)
  assert.equal(status, 1)
  assert.match(stdout, /Error: at load/)
})

test('paths choose files, and names choose tests', async (context) => {
  const both =
    "import test from 'node:test'\ntest('one', () => {})\ntest('two', () => { throw new Error() })\n"
  const root = await workspace(context, { 'packages/a/a.test.ts': both, 'services/mail/b.test.ts': FAILING })
  const { status, stdout } = npmTest(root, 'packages/', '--test-name-pattern', 'one')
  assert.equal(status, 0)
  assert.match(stdout, /^# tests 1$/m)
})

test('soak tests run with --soak only, with those that read its variable', async (context) => {
  const root = await workspace(context, {
    'packages/a/a.test.ts': PASSING,
    'packages/a/b.soak.test.ts': PASSING,
    'packages/a/c.int.test.ts': SLOWER_WHEN_SOAKED,
  })
  assert.match(npmTest(root).stdout, /^# tests 2$/m)
  const { stdout } = npmTest(root, '--soak')
  assert.match(stdout, /^# tests 3$/m)
  assert.doesNotMatch(stdout, /a\.test\.ts/)
})

test('a path that matches nothing is an error, not a success', async (context) => {
  const root = await workspace(context, { 'packages/a/a.test.ts': PASSING })
  const { status, stderr } = npmTest(root, 'no/such')
  assert.equal(status, 2)
  assert.equal(stderr, 'relais: no test file matches\n')
})

test('tests under node_modules are not ours', async (context) => {
  const root = await workspace(context, {
    'packages/a/a.test.ts': PASSING,
    'packages/a/node_modules/other/b.test.ts': FAILING,
  })
  assert.equal(npmTest(root).status, 0)
})
