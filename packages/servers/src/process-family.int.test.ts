import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { familyOf, signalFamily } from './process-family.ts'

const skip = existsSync('/proc/self/stat') ? false : 'needs Linux'

/** Begins processes all the time, which go by a name of their own. */
const forking = (marker: string) =>
  spawn('sh', ['-c', `while :; do sleep ${marker} & sleep 0.001; done`], { stdio: 'ignore' })

const named = (marker: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(marker)
    } catch {
      return false // it has ended meanwhile
    }
  })

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await delay(5)
}

test('a family that grows all the time is killed to the last', { skip }, async () => {
  for (let n = 0; n < 5; n++) {
    const marker = `61.${process.pid}${n}`
    const root = forking(marker)
    await until(() => familyOf(root.pid ?? 0).length > 5)
    signalFamily(root.pid ?? 0, 'SIGKILL')
    await until(() => named(marker).length === 0)
  }
})

test('a family that is stopped grows no more, and goes on when it is told to', { skip }, async (context) => {
  const marker = `62.${process.pid}`
  const root = forking(marker)
  const pid = root.pid ?? 0
  context.after(() => signalFamily(pid, 'SIGKILL'))
  await until(() => familyOf(pid).length > 5)
  signalFamily(pid, 'SIGSTOP')
  const stopped = familyOf(pid)
  assert.deepEqual(familyOf(pid), stopped)
  signalFamily(pid, 'SIGCONT')
  await until(() => familyOf(pid).length > stopped.length)
})
