import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { Insides } from './insides.ts'

const HOUR = 3_600_000

const insidesFor = (context: TestContext): Insides => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-insides-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return new Insides(folder)
}

/** Says at each line what its clocks say: Date.now, new Date, and Date as a function. `more` is done at each line too. */
const childText = (more: string) => `
const say = () => console.log(JSON.stringify({
  now: Date.now(), made: new Date().getTime(), text: Date.parse(Date()), given: new Date(5).getTime(),
  isDate: new Date() instanceof Date, elapsed: performance.now(),
}))
const kept = []
process.stdin.on('data', () => { ${more}; say() })
say()
`

type Said = {
  readonly now: number
  readonly made: number
  readonly text: number
  readonly given: number
  readonly isDate: boolean
  readonly elapsed: number
}

type Setting = { readonly insides: Insides; readonly name: string; readonly more?: string }

const startChild = (context: TestContext, { insides, name, more = '' }: Setting) => {
  const child = spawn(process.execPath, [...insides.nodeArguments(name), '-e', childText(more)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  context.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => JSON.parse((await lines.next()).value as string) as Said
  const ask = () => {
    child.stdin.write('\n')
    return line()
  }
  return { child, line, ask }
}

const isBeside = (said: number, hours: number) => Math.abs(said - Date.now() - hours * HOUR) < HOUR / 2

test('a process sees its clock jump forward and back while it runs, and its timers go on', async (context) => {
  const insides = insidesFor(context)
  const { child, line, ask } = startChild(context, { insides, name: 'mail' })
  let before = await line()
  assert.ok(isBeside(before.now, 0))
  for (const hours of [6, -6, 0]) {
    insides.clockOf('mail').jump(hours * HOUR)
    let said = await ask()
    while (!isBeside(said.now, hours)) said = await ask()
    assert.ok(isBeside(said.made, hours) && isBeside(said.text, hours))
    assert.ok(said.elapsed >= before.elapsed && said.elapsed - before.elapsed < HOUR)
    before = said
  }
  assert.deepEqual([before.given, before.isDate], [5, true])
  child.stdin.end()
  await once(child, 'exit') // nothing of it keeps a process alive
})

test('a process that starts while its clock is off has it off from the first moment, and no other process has', async (context) => {
  const insides = insidesFor(context)
  insides.clockOf('mail').jump(3 * HOUR)
  assert.ok(isBeside((await startChild(context, { insides, name: 'mail' }).line()).now, 3))
  assert.ok(isBeside((await startChild(context, { insides, name: 'directory' }).line()).now, 0))
})

test('a process says how much it keeps and how many timers it has, and its garbage is no part of it', async (context) => {
  const insides = insidesFor(context)
  const more = 'setTimeout(() => {}, 1e9); kept.push(new Array(1e6).fill(0)); new Array(1e6).fill(1)'
  const { line, ask } = startChild(context, { insides, name: 'mail', more })
  await line()
  const before = await insides.ask('mail')
  for (const _ of [1, 2, 3]) await ask()
  const after = await insides.ask('mail')
  assert.equal(after.timers - before.timers, 3)
  const grown = after.heapMiB - before.heapMiB
  assert.ok(grown > 20 && grown < 30, `three arrays of 8 MB are kept, and ${grown} MiB`)
})

test('being asked sets no clock, and a clock that is off stays so when it is asked', async (context) => {
  const insides = insidesFor(context)
  insides.clockOf('mail').jump(2 * HOUR)
  const { line, ask } = startChild(context, { insides, name: 'mail' })
  await line()
  await insides.ask('mail')
  assert.ok(isBeside((await ask()).now, 2))
})
