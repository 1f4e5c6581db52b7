import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Usage } from '../sizing/processes.ts'
import { watchInstallation } from './installation.ts'

const usage = (cpuMs: number, residentMiB: number, mostMiB = residentMiB): Usage => ({
  ...{ cpuMs, residentMiB },
  mostMiB,
})

/** An installation of which one thing after the other is seen; the last stays. */
const watching = (context: TestContext, ...seen: readonly Record<string, Usage>[]) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  let n = 0
  const watched = watchInstallation(7, (pid) => {
    assert.equal(pid, 7)
    return new Map(Object.entries(seen[Math.min(n++, seen.length - 1)] ?? {}))
  })
  context.after(watched.close)
  return { watched, look: () => context.mock.timers.tick(5000), looked: () => n }
}

describe('what an installation used', () => {
  test('is its processors’ time since the run began, as cores', (context) => {
    const { watched } = watching(context, { mail: usage(4000, 100) }, { mail: usage(9000, 120) })
    assert.deepEqual(watched.used(10), [{ name: 'mail', cores: 0.5, residentMiB: 120, mostMiB: 120 }])
  })

  test('is the most memory that one process had, also of one that has ended since', (context) => {
    const { watched, look } = watching(
      context,
      { 'device-sync': usage(0, 90) },
      { 'device-sync': usage(0, 480) },
      { 'device-sync': usage(0, 80) },
    )
    look()
    assert.equal(watched.used(10)[0]?.mostMiB, 480)
    assert.equal(watched.used(10)[0]?.residentMiB, 80)
  })

  test('of a service that was started anew is never less than nothing', (context) => {
    const { watched } = watching(context, { mail: usage(9000, 1) }, { mail: usage(100, 1) })
    assert.equal(watched.used(10)[0]?.cores, 0)
  })

  test('of a service that came later is all that it used', (context) => {
    const { watched } = watching(context, {}, { mail: usage(1000, 1) })
    assert.equal(watched.used(2)[0]?.cores, 0.5)
  })

  test('in no time at all is nothing', (context) => {
    const { watched } = watching(context, {}, { mail: usage(1000, 1) })
    assert.equal(watched.used(0)[0]?.cores, 0)
  })

  test('isn’t looked for once it is over', (context) => {
    const { watched, look, looked } = watching(context, { mail: usage(0, 1) })
    look()
    const before = looked()
    watched.close()
    look()
    assert.equal(looked(), before)
  })

  test('elsewhere isn’t known', () => {
    const watched = watchInstallation(undefined, () => assert.fail('there is nothing to look at'))
    assert.deepEqual(watched.used(10), [])
    watched.close()
  })

  test('on this machine is seen of the process itself', (context) => {
    const watched = watchInstallation(process.pid)
    context.after(watched.close)
    // This process is no service: nothing of it is named.
    assert.ok(watched.used(1).every(({ name }) => !['node', 'test'].includes(name)))
  })
})
