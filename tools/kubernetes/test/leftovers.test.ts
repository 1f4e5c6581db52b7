import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountsBelow } from '../src/leftovers.ts'

const mounts = `/dev/vda / ext4 rw 0 0
nsfs /k/ns/cp nsfs rw 0 0
overlay /k/n1/rootfs overlay rw 0 0
tmpfs /k/n1/rootfs/tmp tmpfs rw 0 0
tmpfs /k2/ns tmpfs rw 0 0
tmpfs /k/with\\040space tmpfs rw 0 0
`

test('what is mounted below a folder is listed from the inside, and nothing of its neighbours', () =>
  assert.deepEqual(mountsBelow('/k', mounts), [
    '/k/with space',
    '/k/ns/cp',
    '/k/n1/rootfs/tmp',
    '/k/n1/rootfs',
  ]))
