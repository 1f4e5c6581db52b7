import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'
import { isTestCode, linesWith, listFiles, readSources } from './source-files.ts'

const git = (root: string, ...args: string[]) => {
  const { status, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

const repository = async (context: TestContext, files: readonly string[]) => {
  const root = await temporaryFolder(context)
  git(root, 'init', '-q')
  for (const path of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), '')
  }
  return root
}

test('files are those that are tracked and those that are new, not those that are ignored or gone', async (context) => {
  const root = await repository(context, ['tracked.ts', 'gone.ts', 'new ü.ts', 'data/ignored.ts'])
  writeFileSync(join(root, '.gitignore'), 'data/\n')
  git(root, 'add', 'tracked.ts', 'gone.ts')
  rmSync(join(root, 'gone.ts'))
  assert.deepEqual(listFiles(root).sort(), ['.gitignore', 'new ü.ts', 'tracked.ts'])
})

test('sources are TypeScript that people wrote', async (context) => {
  const root = await repository(context, [
    'packages/a/src/a.ts',
    'packages/proto/src/relais/x.ts',
    'services/b/src/b.ts',
    'docs/c.ts',
    'services/b/README.md',
  ])
  assert.deepEqual(
    readSources(root)
      .map(({ path }) => path)
      .sort(),
    ['packages/a/src/a.ts', 'services/b/src/b.ts'],
  )
})

test('a folder that is no repository is an error', async (context) => {
  const folder = await temporaryFolder(context)
  assert.throws(() => listFiles(folder), /git ls-files/)
})

for (const [path, expected] of [
  ['services/mail/src/mailbox/decide.test.ts', true],
  ['packages/event-log/src/sqlite/crash.fixture.ts', true],
  ['services/mail/test/harness.ts', true],
  ['packages/testing/src/decider.ts', true],
  ['packages/testcontainers/src/local-relais.ts', true],
  ['packages/servers/src/server-process.ts', true],
  ['packages/event-log/src/contract-suite.ts', true],
  ['packages/event-log/src/contract/order.ts', true],
  ['load-tests/phone/phone.ts', true],
  ['services/mail/src/mailbox/decide.ts', false],
  ['services/mail/src/contract.ts', false],
] as const) {
  test(`${path} is ${expected ? '' : 'not '}made for tests`, () => {
    assert.equal(isTestCode(path), expected)
  })
}

test('lines are found with their numbers', () => {
  assert.deepEqual(linesWith({ path: 'a.ts', text: 'x\n  y x\nz' }, /x/), ['a.ts:1: x', 'a.ts:2: y x'])
})
