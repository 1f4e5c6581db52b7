import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'
import { commandCheck } from './command.ts'

const workspace = async (context: TestContext, script: string) => {
  const root = await temporaryFolder(context)
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
  mkdirSync(join(root, 'proto'))
  const tool = join(root, 'node_modules/.bin/tool')
  writeFileSync(tool, `#!/bin/sh\n${script}\n`)
  chmodSync(tool, 0o755)
  return root
}

test('a tool that ends well has found nothing, whatever it prints', async (context) => {
  const root = await workspace(context, 'echo noise')
  assert.deepEqual(await commandCheck('x', ['tool']).run(root), [])
})

test('what a tool prints when it fails is what is wrong, without its noise', async (context) => {
  const root = await workspace(context, 'echo wrong; echo advertisement >&2; exit 3')
  assert.deepEqual(await commandCheck('x', ['tool'], { noise: /advert/ }).run(root), ['wrong'])
})

test('a tool that fails without a word is told by its exit code', async (context) => {
  const root = await workspace(context, 'exit 3')
  assert.deepEqual(await commandCheck('x', ['tool']).run(root), ['exit code 3'])
})

test('a tool runs in the folder it is meant for, with its arguments', async (context) => {
  const root = await workspace(context, 'echo "$1 in $(basename "$PWD")"; exit 1')
  assert.deepEqual(await commandCheck('x', ['tool', 'lint'], { folder: 'proto' }).run(root), [
    'lint in proto',
  ])
})

test('a tool that is not there is an error', async (context) => {
  const root = await workspace(context, '')
  await assert.rejects(commandCheck('x', ['other']).run(root), /ENOENT/)
})
