import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { BackupResponse } from '@relais/proto/standalone/v1/installation.ts'
import { receiveBackup } from './receive.ts'
import { restoreBackup } from './restore.ts'

const folder = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), 'relais-backup-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

type Files = Readonly<Record<string, string>>

const end = (files: number, bytes: number): BackupResponse => ({
  part: { $case: 'end', value: { files, bytes, position: 7 } },
})

async function* streamed(files: Files, last?: BackupResponse): AsyncGenerator<BackupResponse> {
  for (const [path, content] of Object.entries(files)) {
    yield { part: { $case: 'file', value: { path, size: content.length } } }
    for (const character of content) yield { part: { $case: 'chunk', value: Buffer.from(character) } }
  }
  if (last !== undefined) yield last
}

const silent = () => {}
const FILES = { 'relais.json': '{"format":1}', 'blobs/acme/ab/cd': 'mail', 'log/empty': '' }

const saved = async (t: TestContext, files: Files = FILES) => {
  const to = join(folder(t), 'backup')
  const bytes = Object.values(files).join('').length
  await receiveBackup(streamed(files, end(Object.keys(files).length, bytes)), to, silent)
  return to
}

test('a backup that is restored has the same files', async (t) => {
  const to = join(folder(t), 'data')
  assert.deepEqual(await restoreBackup(await saved(t), to, silent), { files: 3, bytes: 16 })
  for (const path of ['blobs/acme/ab/cd', 'log/empty'] as const)
    assert.equal(readFileSync(join(to, path), 'utf8'), FILES[path])
  assert.ok(!existsSync(join(to, 'backup.json')))
})

test('a restored folder is another incarnation each time, and keeps its format', async (t) => {
  const backup = await saved(t)
  const restored = async () => {
    const to = join(folder(t), 'data')
    await restoreBackup(backup, to, silent)
    return JSON.parse(readFileSync(join(to, 'relais.json'), 'utf8'))
  }
  const [first, second] = [await restored(), await restored()]
  assert.equal(first.format, 1)
  assert.ok(Number.isInteger(first.incarnation) && first.incarnation > 0 && first.incarnation < 2 ** 24)
  assert.notEqual(first.incarnation, second.incarnation)
})

test('a backup whose stream ends early is no backup', async (t) => {
  const to = join(folder(t), 'backup')
  await assert.rejects(receiveBackup(streamed(FILES), to, silent), /before its end/)
  await assert.rejects(restoreBackup(to, join(folder(t), 'data'), silent), /isn't a whole backup/)
})

test('a backup that is shorter than it says is no backup', async (t) => {
  const to = join(folder(t), 'backup')
  await assert.rejects(receiveBackup(streamed(FILES, end(3, 7)), to, silent), /shorter/)
})

test('a backup whose bytes changed is not restored, and nothing that looks like data is left', async (t) => {
  const backup = await saved(t)
  writeFileSync(join(backup, 'blobs/acme/ab/cd'), 'mAil')
  const to = join(folder(t), 'data')
  await assert.rejects(restoreBackup(backup, to, silent), /blobs\/acme\/ab\/cd of the backup is damaged/)
  assert.ok(!existsSync(to))
})

test('neither a backup nor a restore overwrites a folder with files in it', async (t) => {
  const filled = folder(t)
  writeFileSync(join(filled, 'mine'), 'x')
  await assert.rejects(receiveBackup(streamed({}, end(0, 0)), filled, silent), /isn't empty/)
  await assert.rejects(restoreBackup(await saved(t), filled, silent), /isn't empty/)
  assert.equal(readFileSync(join(filled, 'mine'), 'utf8'), 'x')
})

test('a file name that leaves the folder is refused, from a server and from a backup', async (t) => {
  for (const path of ['../x', '/etc/x', 'a/../../x', 'a//b', 'c:x', 'a\\b', '', '.'])
    await assert.rejects(
      receiveBackup(streamed({ [path]: 'x' }, end(1, 1)), join(folder(t), 'backup'), silent),
      /name that can't be/,
      path,
    )
  const backup = await saved(t)
  writeFileSync(
    join(backup, 'backup.json'),
    JSON.stringify({ files: [{ path: '../x', size: 0, sha256: '' }] }),
  )
  await assert.rejects(restoreBackup(backup, join(folder(t), 'data'), silent), /name that can't be/)
})
