import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DATA_FORMAT, openDataFolder, openTemporaryFolder } from './data-folder.ts'
import { StartError } from './start-error.ts'

const emptyFolder = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), 'relais-data-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const refusal = (start: () => unknown): string => {
  try {
    start()
  } catch (error) {
    assert.ok(error instanceof StartError)
    assert.doesNotMatch(error.message, /\n/)
    return error.message
  }
  return assert.fail('it started')
}

test('a folder that does not exist is made, for its owner alone', (t) => {
  const path = join(emptyFolder(t), 'deep', 'data')
  const data = openDataFolder(path)
  t.after(() => data.close())
  assert.equal(data.fresh, true)
  assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('a folder is fresh once', (t) => {
  const path = emptyFolder(t)
  openDataFolder(path).close()
  const again = openDataFolder(path)
  t.after(() => again.close())
  assert.equal(again.fresh, false)
})

test('a second process on the same folder is refused, and the first keeps it', (t) => {
  const path = emptyFolder(t)
  const first = openDataFolder(path)
  const module = new URL('./data-folder.ts', import.meta.url).href
  const second = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { openDataFolder } from ${JSON.stringify(module)}; try { openDataFolder(${JSON.stringify(path)}) } catch (error) { console.log(error.message); process.exit(3) }`,
  ])
  assert.equal(second.status, 3, String(second.stderr))
  assert.match(String(second.stdout), /in use by another process/)
  first.close()
  openDataFolder(path).close()
})

test('a process that is killed gives the folder back', (t) => {
  const path = emptyFolder(t)
  const module = new URL('./data-folder.ts', import.meta.url).href
  const killed = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { openDataFolder } from ${JSON.stringify(module)}; openDataFolder(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL')`,
  ])
  assert.equal(killed.signal, 'SIGKILL', String(killed.stderr))
  openDataFolder(path).close()
})

test('a folder of a newer Relais is refused and left as it is', (t) => {
  const path = emptyFolder(t)
  openDataFolder(path).close()
  const marker = JSON.stringify({ format: DATA_FORMAT + 1 })
  writeFileSync(join(path, 'relais.json'), marker)
  assert.match(
    refusal(() => openDataFolder(path)),
    /newer Relais/,
  )
  assert.equal(readFileSync(join(path, 'relais.json'), 'utf8'), marker)
})

test('a damaged marker is named, and nothing is overwritten', (t) => {
  const path = emptyFolder(t)
  openDataFolder(path).close()
  for (const damage of ['', '{', '[]', '{"format":"1"}', 'null']) {
    writeFileSync(join(path, 'relais.json'), damage)
    assert.match(
      refusal(() => openDataFolder(path)),
      /relais\.json is damaged/,
    )
    assert.equal(readFileSync(join(path, 'relais.json'), 'utf8'), damage)
  }
})

test('a folder with files of somebody else is refused', (t) => {
  const path = emptyFolder(t)
  writeFileSync(join(path, 'thesis.odt'), 'x')
  assert.match(
    refusal(() => openDataFolder(path)),
    /isn't a data folder/,
  )
})

test('a path that is a file is refused', (t) => {
  const path = join(emptyFolder(t), 'file')
  writeFileSync(path, 'x')
  assert.match(
    refusal(() => openDataFolder(path)),
    /can't be written/,
  )
})

const NOBODY = 65534

/** Root may write everywhere. */
const withoutPrivilege = <T>(work: () => T): T => {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(NOBODY)
  try {
    return work()
  } finally {
    process.seteuid?.(0)
  }
}

test('an unwritable folder is refused', (t) => {
  const path = emptyFolder(t)
  chmodSync(path, 0o555)
  assert.match(
    withoutPrivilege(() => refusal(() => openDataFolder(path))),
    /can't be written/,
  )
})

test('a secret stays the same, and only its owner can read it', (t) => {
  const path = emptyFolder(t)
  const first = openDataFolder(path)
  const secret = first.secret('credentials')
  assert.notDeepEqual(secret, first.secret('other'))
  first.close()
  const again = openDataFolder(path)
  t.after(() => again.close())
  assert.deepEqual(again.secret('credentials'), secret)
  assert.equal(statSync(join(path, 'keys', 'credentials')).mode & 0o777, 0o600)
})

test('a damaged secret is refused rather than replaced', (t) => {
  const path = emptyFolder(t)
  const data = openDataFolder(path)
  t.after(() => data.close())
  data.secret('credentials')
  writeFileSync(join(path, 'keys', 'credentials'), 'short')
  assert.match(
    refusal(() => data.secret('credentials')),
    /is damaged/,
  )
})

test('a temporary folder is gone when it is closed', () => {
  const data = openTemporaryFolder()
  assert.equal(data.fresh, true)
  data.close()
  assert.throws(() => statSync(data.path), /ENOENT/)
})
