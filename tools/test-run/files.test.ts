import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test, { type TestContext } from 'node:test'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'
import type { TestArguments } from './arguments.ts'
import { findTestFiles, SOAK_VARIABLE } from './files.ts'

const ALL = {
  'packages/a/src/a.test.ts': '',
  'packages/a/src/a.int.test.ts': '',
  'packages/a/src/a.soak.test.ts': '',
  'packages/a/src/longer.int.test.ts': `process.env.${SOAK_VARIABLE}`,
  'services/b/test/b.e2e.test.ts': '',
  'tools/c.test.ts': '',
  'load-tests/d.test.ts': '',
  'deploy/e.test.ts': '',
  'packages/a/src/a.ts': '',
  'packages/a/node_modules/x/x.test.ts': '',
  'packages/a/.cache/x.test.ts': '',
  'packages/a/fixtures/x.test.ts': '',
  'docs/x.test.ts': '',
}

const found = async (context: TestContext, over: Partial<TestArguments> = {}) => {
  const root = await temporaryFolder(context)
  for (const [path, text] of Object.entries(ALL)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const wanted = { soak: false, paths: [], namePatterns: [], seed: undefined, ...over }
  return findTestFiles(root, wanted).map((path) => relative(root, path))
}

test('all tests but the soak tests are found, those that take longest first', async (context) => {
  assert.deepEqual(await found(context), [
    'services/b/test/b.e2e.test.ts',
    'packages/a/src/a.int.test.ts',
    'packages/a/src/longer.int.test.ts',
    'deploy/e.test.ts',
    'load-tests/d.test.ts',
    'packages/a/src/a.test.ts',
    'tools/c.test.ts',
  ])
})

test('for a soak: the soak tests, and those that read its variable', async (context) => {
  assert.deepEqual(await found(context, { soak: true }), [
    'packages/a/src/longer.int.test.ts',
    'packages/a/src/a.soak.test.ts',
  ])
})

test('a part of a path is enough, and several are any of them', async (context) => {
  assert.deepEqual(await found(context, { paths: ['services', 'tools/c'] }), [
    'services/b/test/b.e2e.test.ts',
    'tools/c.test.ts',
  ])
})

test('what is not there is not found', async (context) => {
  assert.deepEqual(await found(context, { paths: ['nowhere'] }), [])
})
