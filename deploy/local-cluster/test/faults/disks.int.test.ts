import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mountDisk, untilRecovered } from './disks.ts'

const folderFor = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-faults-disk-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a disk that is full takes nothing more and keeps what it has; with room again it goes on', (context) => {
  const folder = join(folderFor(context), 'of', 'a', 'server')
  const disk = mountDisk(folder)
  if (disk === undefined) return context.skip('this user may not mount a file system')
  try {
    writeFileSync(join(folder, 'kept'), 'x'.repeat(100_000))
    for (const more of ['one', 'two']) {
      disk.fill()
      assert.throws(() => writeFileSync(join(folder, more), 'y'.repeat(100_000)), { code: 'ENOSPC' })
      disk.empty()
      writeFileSync(join(folder, more), 'z'.repeat(100_000))
    }
    assert.equal(readFileSync(join(folder, 'kept'), 'utf8').length, 100_000)
  } finally {
    disk.unmount()
  }
})

test('what ended itself for want of room is started again, as often as it needs', async () => {
  const said: string[] = []
  let lives = 0
  await untilRecovered({
    running: () => lives % 2 === 1,
    start: async () => {
      lives++
      said.push('start')
    },
    works: async () => {
      said.push('ask')
      if (lives++ < 3) throw new Error('it ended while it started')
    },
  })
  assert.deepEqual(said, ['start', 'ask', 'start', 'ask'])
})

test('what goes on without working is an error in the end', async () => {
  const works = () => Promise.reject(new Error('no room after all'))
  const stuck = { running: () => true, start: async () => {}, works, withinMs: 0 }
  await assert.rejects(untilRecovered(stuck), /no room after all/)
})
