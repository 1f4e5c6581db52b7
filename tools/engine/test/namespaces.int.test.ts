import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '@relais/testing'
import { inNamespaces } from '../src/namespaces.ts'
import { whyNoEngine } from '../src/programs.ts'

const skip = whyNoEngine() ?? false

test('a program in namespaces of its own is the first process there, on a network without others, and answers with its code', {
  skip,
}, async (context) => {
  const folder = await temporaryFolder(context)
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `import { networkInterfaces } from 'node:os'
    process.exitCode = process.pid === 1 && Object.keys(networkInterfaces()).length === 0 ? 42 : 1`,
  )
  assert.equal(await inNamespaces([program]), 42)
})
