// npm run reference: writes the pages of docs/reference/ that are made of the product itself.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeReferencePages } from './verify/reference-pages.ts'

const root = process.cwd()
for (const { path, text } of await makeReferencePages(root)) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
