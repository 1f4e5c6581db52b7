import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { commitOf, positionsOf, readAll } from '../contract/commits.ts'
import { whenAvailable } from '../history/available.fixture.ts'
import { LogUnavailableError } from '../port.ts'
import { openJetStreamLog } from './jetstream-log.ts'
import { noServer, serverFor } from './servers.fixture.ts'

const mount = (folder: string, options: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'relais-test', folder]).status === 0

/** A file system of so many MiB; undefined where this user may not mount. */
const smallDisk = (context: TestContext, size: number): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-disk-'))
  const mounted = mount(folder, `size=${size}m`)
  context.after(() => {
    if (mounted) spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return mounted ? folder : undefined
}

const longCommit = () =>
  commitOf({ events: [{ type: 'Long', version: 1, payload: new Uint8Array(200_000).fill(7) }] })

test('on a full disk appends are refused for now, what was acknowledged stays, and with room the log goes on', {
  skip: noServer,
}, async (context) => {
  const disk = smallDisk(context, 24)
  if (!disk) return context.skip('this user may not mount a file system')
  const server = await serverFor(context, { store: join(disk, 'store') })
  const options = { servers: [server.url], monitoring: [server.monitor], stream: 'unit', replicas: 1 }
  const log = await whenAvailable(() => openJetStreamLog({ ...options, deadline: 2000, onFault: () => {} }))
  context.after(() => log.close())
  const acknowledged: number[] = []
  const fill = async () => {
    for (;;) acknowledged.push((await log.append(longCommit())).position)
  }
  // A slow machine refuses before the disk does.
  do await assert.rejects(fill(), LogUnavailableError)
  while (acknowledged.length <= 50)
  assert.ok(mount(disk, 'remount,size=64m'))
  // A server that met a full disk lets streams be until it is started again.
  await server.kill()
  await server.start()
  const last = commitOf()
  const { position } = await whenAvailable(() => log.append(last))
  const kept = positionsOf(await whenAvailable(() => readAll(log)))
  assert.equal(kept.at(-1), position)
  for (const one of acknowledged) assert.ok(kept.includes(one), `${one} was acknowledged`)
})
