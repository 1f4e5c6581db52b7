import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { temporaryFolder } from '@relais/testing'
import { DeviceRowStore, deviceRowSchema } from '../../src/devices/device-row-store.ts'
import { jsonRows } from '../../src/devices/device-rows.ts'

const program = fileURLToPath(new URL('write-rows.fixture.ts', import.meta.url))
const generations = jsonRows<{ generation: number }>('generation')
const KILLS = 8

/** Lets the program run until it has reported so many times, and kills it; the last generation it called durable. */
const runUntilKilled = async (file: string, first: number, reports: number): Promise<number> => {
  const child = spawn(process.execPath, [program, file, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    lines.push(...chunk.toString().split('\n').filter(Boolean))
    if (lines.length >= reports) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return Number(lines.at(-1))
}

const newest = async (file: string): Promise<Map<string, number>> => {
  const store = await openSqliteStore({ file, schema: deviceRowSchema, version: 1 })
  const rows = new DeviceRowStore({ store, logger: createLogger({ name: 'test', level: 'silent' }) })
  const found = new Map<string, number>()
  for (let n = 0; n < 7; n += 1) {
    const device = await rows.of({ tenant: 'acme', account: 'u1', device: `d${n}` })
    for (const key of device.keys(generations))
      found.set(`d${n}/${key}`, device.get(generations, key)?.generation ?? 0)
  }
  await store.close()
  return found
}

/** The last of all generations up to `durable` that were put under a name. */
const expected = (durable: number): Map<string, number> => {
  const rows = new Map<string, number>()
  for (let generation = 1; generation <= durable; generation += 1)
    rows.set(`d${generation % 7}/c${generation % 3}`, generation)
  return rows
}

test('kill -9: what was saved is there, each row whole, and none older than it', async (t) => {
  const file = join(await temporaryFolder(t), 'rows')
  let durable = 0
  for (let kill = 1; kill <= KILLS; kill += 1) {
    durable = await runUntilKilled(file, durable, 3 + kill * 5)
    const found = await newest(file)
    for (const [name, generation] of expected(durable))
      assert.ok(
        (found.get(name) ?? 0) >= generation,
        `${name} is of ${found.get(name)}, not of ${generation}`,
      )
  }
})
