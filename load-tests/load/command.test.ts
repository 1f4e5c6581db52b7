import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { carryOut, exitCodeOf } from './command.ts'
import { LOAD_HELP, SIMULATE_HELP } from './help.ts'
import { Measurements } from './measurements.ts'
import { UsageError } from './options.ts'
import type { Order } from './order.ts'
import { showProgress } from './progress.ts'
import type { Run } from './run.ts'
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts'

const folder = mkdtempSync(join(tmpdir(), 'relais-command-'))
after(() => rmSync(folder, { recursive: true }))

/** What is written to the terminal meanwhile. */
const written = (context: TestContext, stream: 'stdout' | 'stderr'): string[] => {
  const lines: string[] = []
  context.mock.method(process[stream], 'write', (text: string | Uint8Array) => {
    if (typeof text === 'string') lines.push(text)
    return true
  })
  return lines
}

const order = (phones: number): Order => ({
  plan: SCENARIOS['steady-day'].plan({ phones, accounts: 1, durationSeconds: 1, speed: 1 }),
  driver: 'simulator',
  target: { url: 'http://127.0.0.1:9', insecure: false, from: [] },
  accounts: [{ address: 'a@x.example', password: 'p' }],
  door: undefined,
  processes: 1,
  seed: 1,
  thresholds: {},
  installationPid: undefined,
})

describe('before a run begins', () => {
  test('a report that can’t be written is found', async () => {
    const html = join(folder, 'no', 'such', 'folder.html')
    await assert.rejects(carryOut(order(1), { html, quiet: true }), (error: Error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /^--html .*folder\.html: ENOENT/)
      return true
    })
  })

  test('more open files than there may be are found, and no report is begun', async () => {
    const html = join(folder, 'too-many.html')
    await assert.rejects(carryOut(order(900_000_000), { html, quiet: true }), /open files/)
    assert.equal(existsSync(html), false)
  })
})

describe('a command ends', () => {
  test('with one line of what was wrong, and never with a stack', async (context) => {
    const lines = written(context, 'stderr')
    await exitCodeOf(() => Promise.reject(new UsageError('--phones 0: give a whole number')))
    await exitCodeOf(() => Promise.reject(new TypeError('something broke')))
    await exitCodeOf(() => Promise.reject('a text'))
    assert.deepEqual(lines, [
      'relais: --phones 0: give a whole number\n',
      'relais: something broke\n',
      'relais: a text\n',
    ])
  })

  test('with 2 for an option that there isn’t, as Node says it', async (context) => {
    written(context, 'stderr')
    const unknown = Object.assign(new TypeError('Unknown option'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
    assert.equal(await exitCodeOf(() => Promise.reject(unknown)), 2)
    assert.equal(await exitCodeOf(() => Promise.reject(Object.assign(new Error('x'), { code: 'EPIPE' }))), 1)
  })
})

describe('progress', () => {
  const runOf = (measurements: Measurements, now: () => number): Run => ({
    ...{ measurements, now },
    ended: new Promise(() => {}),
    stop: () => {},
  })
  const showing = (context: TestContext, isTTY: boolean) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    const lines: string[] = []
    let at = 0
    const measured = new Measurements()
    const out = { isTTY, write: (text: string) => lines.push(text) > 0 } as unknown as NodeJS.WriteStream
    const hide = showProgress(
      runOf(measured, () => at),
      600,
      out,
    )
    const pass = (seconds: number) => {
      at += seconds
      context.mock.timers.tick(seconds * 1000)
    }
    return { lines, measured, pass, hide }
  }

  test('in a terminal is one line that is written anew each second, and gone in the end', (context) => {
    const { lines, pass, hide } = showing(context, true)
    pass(1)
    pass(1)
    hide()
    assert.equal(lines.length, 3)
    assert.ok(lines.every((line) => line.startsWith('\r\u001b[K') && !line.includes('\n')))
    assert.equal(lines[2], '\r\u001b[K')
  })

  test('in a file is a line every ten seconds, and nothing that a terminal needs', (context) => {
    const { lines, pass, hide } = showing(context, false)
    pass(10)
    pass(10)
    hide()
    assert.equal(lines.length, 2)
    assert.ok(
      lines.every(
        (line) => line.indexOf('\n') === line.length - 1 && !line.includes('\r') && !line.includes('\u001b'),
      ),
    )
  })

  test('says how many answers came since the last line, and not since the beginning', (context) => {
    const { lines, measured, pass, hide } = showing(context, false)
    measured.count(1, 'answered', 1000)
    pass(10)
    measured.count(11, 'answered', 50)
    pass(10)
    hide()
    assert.match(lines[0] ?? '', /^10 of 600 s .* 100 answers\/s/)
    assert.match(lines[1] ?? '', /^20 of 600 s .* 5 answers\/s/)
  })

  test('once hidden says nothing more', (context) => {
    const { lines, pass, hide } = showing(context, false)
    hide()
    pass(60)
    assert.deepEqual(lines, [])
  })
})

describe('help', () => {
  test('names every scenario with what it is for', () => {
    for (const name of SCENARIO_NAMES)
      assert.ok(LOAD_HELP.includes(`  ${name.padEnd(18)} ${SCENARIOS[name].about}`))
  })

  test('has no line that a terminal of a hundred and fifty columns would break', () => {
    for (const help of [LOAD_HELP, SIMULATE_HELP])
      for (const line of help.split('\n')) assert.ok(line.length <= 150, `${line.length}: ${line}`)
  })

  test('explains each option that the guide uses', () => {
    const guide = readFileSync(
      new URL('../../docs/guides/load-test-your-installation.md', import.meta.url),
      'utf8',
    )
    const used = new Set([...guide.matchAll(/--[a-z][a-z0-9-]+/g)].map(([option]) => option))
    for (const option of used)
      assert.ok(`${LOAD_HELP}${SIMULATE_HELP}`.includes(`  ${option} `), `${option} isn’t explained`)
  })
})
