import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryFiles } from './blobs.fixture.ts'
import { openFileBlobs } from './open-file-blobs.ts'

const CHILD = new URL('./kill-child.fixture.ts', import.meta.url).pathname

/** Lets a process store blobs in a folder, kills it at some moment; returns the ids of those that were confirmed. */
const runAndKill = async (folder: string): Promise<string[]> => {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const confirmed: string[] = []
  const ready = Promise.withResolvers<void>()
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => (line === 'ready' ? ready.resolve() : confirmed.push(line)))
  const ended = once(lines, 'close')
  const seen = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => confirmed.length >= count && resolve()
      lines.on('line', look)
      void ended.then(() => resolve())
      look()
    })
  await Promise.race([ready.promise, exited])
  await seen(randomInt(20)) // however slow the machine is
  await delay(randomInt(100))
  child.kill('SIGKILL')
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  await ended
  return confirmed
}

/** Kills again and again in one folder: every blob that was confirmed is there and whole, and so is every other that is there. */
export const surviveKills = async (folder: string, kills: number): Promise<void> => {
  let confirmed = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const ids = await runAndKill(folder)
    confirmed += ids.length
    const blobs = await openFileBlobs({ folder, abandonedAfterMs: -60_000 })
    for (const id of ids) assert.ok(await blobs.stat('acme', id), `${id} was confirmed`)
    for await (const { id } of blobs.list('acme')) await blobs.get('acme', id)
    assert.deepEqual(temporaryFiles(folder), [])
    await blobs.sweep('acme', async () => new Set(), -60_000)
    await blobs.close()
  }
  assert.ok(confirmed > kills, `only ${confirmed} blobs were confirmed in ${kills} runs`)
}
