import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { temporaryFolder } from './rows.fixture.ts'

/** Runs a command in a mount namespace of its own, where a folder is a disk of 3 MiB. */
const onSmallDisk = (folder: string, command: readonly string[]) => {
  const script = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'
  const arguments_ = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, folder, ...command]
  return spawnSync('unshare', arguments_, { encoding: 'utf8' })
}

const PARTS = {
  'full-disk-child': 'a full disk stops the projection with an alarm, and with room again it goes on',
  'full-disk-indexes':
    'indexes for readers without room are STORE_FULL, and with room again the building goes on',
  'full-disk-checkpoint':
    'a write-ahead log that can not be copied for want of room is STORE_FULL, and loses nothing',
}

for (const [part, rule] of Object.entries(PARTS)) {
  test(rule, (context) => {
    const folder = temporaryFolder(context)
    if (onSmallDisk(folder, ['true']).status !== 0) return context.skip('no small disk can be mounted here')
    const child = new URL(`./${part}.fixture.ts`, import.meta.url).pathname
    const { status, stdout, stderr } = onSmallDisk(folder, [process.execPath, child, folder])
    assert.equal(stderr, '')
    assert.equal(stdout, 'done\n')
    assert.equal(status, 0)
  })
}
