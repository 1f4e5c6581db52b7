import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { installedProgram } from './installed-program.ts'
import { ProgramMissingError } from './pinned-program.ts'

test('a program is found where the shell finds it', async () => {
  assert.equal(basename(await installedProgram('node')), 'node')
})

test('a program that is not installed is named, with what to install', async () => {
  const missing = installedProgram('relais-never-there', 'relais-tools')
  await assert.rejects(missing, (error: Error) => {
    assert.ok(error instanceof ProgramMissingError)
    assert.equal(error.message, 'relais-never-there is not installed (Debian: apt-get install relais-tools)')
    return true
  })
})
