import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@relais/testing'
import { propertyFlags, SEED_VARIABLE, seedOf } from './seed.ts'

const repository = async (t: TestContext) => {
  const folder = await temporaryFolder(t)
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@relais.example', ...args], {
      stdio: 'pipe',
    })
  git('init', '-q')
  const commit = (text: string) => {
    writeFileSync(join(folder, 'a.txt'), text)
    git('add', '.')
    git('commit', '-q', '--allow-empty', '-m', 'one')
  }
  commit('one')
  return { folder, commit }
}

test('what is committed is tested with the same seed, whoever commits it; something else with another', async (t) => {
  const { folder, commit } = await repository(t)
  const seed = () => seedOf(folder, { soak: false, seed: undefined })
  const first = seed()
  assert.equal(seed(), first)
  commit('one')
  assert.equal(seed(), first)
  commit('two')
  assert.notEqual(seed(), first)
})

test('a folder without a repository has a seed, too', async (t) => {
  assert.ok(Number.isInteger(seedOf(await temporaryFolder(t), { soak: false, seed: undefined })))
})

test('a soak run has a new seed each time', async (t) => {
  const { folder } = await repository(t)
  const seeds = new Set(Array.from({ length: 5 }, () => seedOf(folder, { soak: true, seed: undefined })))
  assert.ok(seeds.size > 1)
})

test('the seed that was asked for is taken', async (t) => {
  const folder = await temporaryFolder(t)
  assert.equal(seedOf(folder, { soak: false, seed: 0 }), 0)
  assert.equal(seedOf(folder, { soak: true, seed: 5 }), 5)
})

const DRAWING = fileURLToPath(new URL('./drawing.fixture.ts', import.meta.url))

const drawn = (seed: number): string =>
  execFileSync(process.execPath, [...propertyFlags(DRAWING), DRAWING], {
    encoding: 'utf8',
    env: { ...process.env, [SEED_VARIABLE]: String(seed) },
  })

test('a file with properties tries what follows from the seed', () => {
  assert.equal(drawn(1), drawn(1))
  assert.notEqual(drawn(1), drawn(2))
})

test('a file without properties gets no flags', async (t) => {
  const file = join(await temporaryFolder(t), 'plain.test.ts')
  writeFileSync(file, "import test from 'node:test'\n")
  assert.deepEqual(propertyFlags(file), [])
})
