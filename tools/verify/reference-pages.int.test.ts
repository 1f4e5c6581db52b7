import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@relais/testing/temporary-folder.ts'
import { makeReferencePages, referencePages } from './reference-pages.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

const written = async (context: TestContext, change: (text: string) => string) => {
  const root = await temporaryFolder(context)
  for (const { path, text } of await makeReferencePages(root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), change(text))
  }
  return root
}

test('pages as they are made are current', async (context) => {
  assert.deepEqual(await referencePages.run(await written(context, (text) => text)), [])
})

test('a page that somebody changed is found', async (context) => {
  const root = await written(context, (text) => `${text}more\n`)
  assert.deepEqual(await referencePages.run(root), [
    "docs/reference/errors.md isn't what the product says: npm run reference",
  ])
})

test('a page that lacks is found', async (context) => {
  assert.equal((await referencePages.run(await temporaryFolder(context))).length, 1)
})

test('the product has pages of its errors and of its settings, and says on each what it is made by', async () => {
  const pages = await makeReferencePages(repository)
  const paths = pages.map(({ path }) => path)
  for (const name of ['errors', 'configuration']) assert.ok(paths.includes(`docs/reference/${name}.md`))
  for (const { text } of pages.filter(({ path }) => path.endsWith('.md')))
    assert.match(text, /^# .*\n\n<!-- Made by `npm run reference`/)
})
