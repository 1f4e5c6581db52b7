import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { temporaryFolder } from './blobs.fixture.ts'

const CHILD = new URL('./full-disk-child.fixture.ts', import.meta.url).pathname

/** Runs a command in a mount namespace of its own, where a folder is a disk of 3 MiB. */
const onSmallDisk = (folder: string, command: readonly string[]) => {
  const script = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'
  const arguments_ = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, folder, ...command]
  return spawnSync('unshare', arguments_, { encoding: 'utf8' })
}

test('a full disk is BLOB_STORE_FULL and leaves nothing over; with room again the same calls succeed', (context) => {
  const folder = temporaryFolder(context)
  if (onSmallDisk(folder, ['true']).status !== 0) return context.skip('no small disk can be mounted here')
  const { status, stdout, stderr } = onSmallDisk(folder, [process.execPath, CHILD, folder])
  assert.equal(stderr, '')
  assert.equal(stdout, 'done\n')
  assert.equal(status, 0)
})
