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

/** Its children look for their program in sixteen thousand folders, while it waits for each in vfork. */
const forkingSlowly = (marker: string) =>
  spawn(
    '/bin/sh',
    [
      '-c',
      'p=/nowhere:; for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do p=$p$p; done; PATH=$p/bin; while :; do uname; done',
      marker,
    ],
    {
      stdio: 'ignore',
      env: {},
    },
  )

test('a process that waits for a child that was stopped before it began its program is killed with it', {
  skip,
}, async () => {
  for (let n = 0; n < 40; n++) {
    const marker = `63.${process.pid}${n}`
    const root = forkingSlowly(marker)
    await until(() => familyOf(root.pid ?? 0).length > 1)
    await delay(40 + n) // its first look takes longest
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
