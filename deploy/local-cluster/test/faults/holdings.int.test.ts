import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { processesOf } from './holdings.ts'

const skip = process.platform === 'linux' ? false : 'only Linux has /proc'

test('a process that works in the folder, or was told of it, is found until it has ended', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-holdings-'))
  const here = spawn('sleep', ['60'], { cwd: folder })
  const told = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', folder])
  try {
    await Promise.all([once(here, 'spawn'), once(told, 'spawn')])
    assert.deepEqual(new Set(processesOf(folder)), new Set([here.pid, told.pid]))
    const ended = [once(here, 'exit'), once(told, 'exit')]
    here.kill('SIGKILL')
    told.kill('SIGKILL')
    await Promise.all(ended)
    assert.deepEqual(processesOf(folder), [])
  } finally {
    here.kill('SIGKILL')
    told.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})
