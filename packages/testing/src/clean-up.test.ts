import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { cleanUp } from './clean-up.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('what was opened last is closed first, and the next one waits for it', async () => {
  const closed: string[] = []
  let end: () => void | Promise<void> = () => {}
  const { add } = cleanUp((fn) => {
    end = fn
  })
  const closing = (name: string) => async () => {
    await new Promise((resolve) => setImmediate(resolve))
    closed.push(name)
  }
  assert.equal(add({ value: 1, close: closing('one') }), 1)
  add({ value: 2, close: closing('two') })
  await end()
  assert.deepEqual(closed, ['two', 'one'])
})

test('a temporary folder is there during the test and gone after it', async (context) => {
  let path = ''
  await context.test('inner', async (inner) => {
    path = await temporaryFolder(inner)
    assert.equal(existsSync(path), true)
  })
  assert.equal(existsSync(path), false)
})
