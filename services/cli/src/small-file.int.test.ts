import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '@relais/testing'
import { readSmallFile } from './small-file.ts'
import { UsageError } from './usage-error.ts'

test('a small file is read; what isn’t there, a folder and a large file are told in a line', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'picture.png')
  writeFileSync(file, 'png')
  assert.equal((await readSmallFile(file)).toString(), 'png')
  truncateSync(file, 1024 * 1024)
  assert.equal((await readSmallFile(file)).length, 1024 * 1024)
  truncateSync(file, 1024 * 1024 + 1)
  for (const path of [file, folder, join(folder, 'missing')])
    await assert.rejects(readSmallFile(path), UsageError)
})
