import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { HEAP } from '../src/image.ts'

const run = promisify(execFile)
const MEMORY = '/sys/fs/cgroup/memory'
const MIB = 2 ** 20

/** A memory cgroup of so many bytes (version 1 or 2); undefined where none may be made. */
const limited = (bytes: number): string | undefined => {
  const isVersion1 = existsSync(`${MEMORY}/memory.limit_in_bytes`)
  const folder = `${isVersion1 ? MEMORY : '/sys/fs/cgroup'}/relais-test-${process.pid}`
  try {
    mkdirSync(folder)
    writeFileSync(`${folder}/${isVersion1 ? 'memory.limit_in_bytes' : 'memory.max'}`, String(bytes))
    return folder
  } catch {
    if (existsSync(folder)) rmdirSync(folder)
    return undefined
  }
}

for (const mebibytes of [256, 1024])
  test(`in a container of ${mebibytes} MiB the heap leaves room for what lies beside it`, async (context) => {
    const group = limited(mebibytes * MIB)
    if (group === undefined) return context.skip('no memory cgroup may be made here')
    context.after(() => rmdirSync(group))
    const ask = "process.stdout.write(String(require('node:v8').getHeapStatistics().heap_size_limit))"
    const { stdout } = await run('/bin/sh', [
      ...['-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'],
      ...[process.execPath, ...HEAP, '-e', ask],
    ])
    const share = Number(stdout) / (mebibytes * MIB)
    assert.ok(share > 0.55 && share < 0.75, `the heap may take ${Math.round(share * 100)} % of the memory`)
  })
