import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { builtProgram } from '@relais/servers'
import { met } from '../bench/figure.ts'
import { type Installation, loadAccounts, startInstallation } from '../bench/installation.ts'
import type { Report } from '../report/report.ts'
import { MEASURES, type Measure, thresholdsOf } from '../thresholds.ts'
import { madeAccounts } from './accounts.ts'
import type { Measurements } from './measurements.ts'
import type { Driver } from './order.ts'
import { startRun } from './run.ts'
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** In which of its two forms Relais is: `RELAIS_TEST_FORM=cluster` is every service a process of its own behind HAProxy. */
const FORM = process.env.RELAIS_TEST_FORM === 'cluster' ? 'cluster' : 'standalone'
// Relais refuses settings that it doesn't know.
delete process.env.RELAIS_TEST_FORM
const PHONES = 6
const ACCOUNTS = 4
const DURATION = 30
/** On a machine on which phones had not even come up when they were to leave. */
const LONG_DURATION = 110
/** A machine that is slow and busy: the run's own time has long passed by then. */
const PATIENCE_MS = 170_000

let installation: Installation
before(async () => {
  installation = await startInstallation({
    target: { root, form: FORM },
    accounts: loadAccounts(ACCOUNTS * SCENARIO_NAMES.length),
  })
})
after(() => installation.kill())

const target = () => ({
  url: `http://${installation.eas.host}:${installation.eas.port}`,
  insecure: false,
  from: [],
})

/** What has happened by the time at which each scenario has shown what it is for. */
const SHOWN: Readonly<Record<ScenarioName, (measured: Measurements) => boolean>> = {
  'steady-day': (measured) => measured.total('mails in') >= 2 && measured.total('messages taken') >= 2,
  'monday-morning': (measured) => isBack(measured) && measured.total('messages taken') >= 40,
  'reconnect-storm': (measured) => isBack(measured),
  'mail-burst': (measured) =>
    measured.total('mails in') >= ACCOUNTS && measured.total('messages taken') >= ACCOUNTS,
  'slow-phones': (measured) => measured.total('phones waiting') === PHONES,
}

const isBack = (measured: Measurements): boolean =>
  measured.total('left') > 0 && measured.total('back') === measured.total('left')

/** Scenarios are played at the same time, and a phone is in one of them. */
const accountsOf = (name: ScenarioName) => loadAccounts(ACCOUNTS, SCENARIO_NAMES.indexOf(name) * ACCOUNTS)

type Shown = (measured: Measurements) => boolean
type Played = {
  readonly name: ScenarioName
  readonly driver: Driver
  readonly phones: number
  readonly shown: Shown
}

/** Plays a scenario until it has shown what it is for, or its time is over. */
const play = async (played: Played, durationSeconds = DURATION): Promise<Report> => {
  const { name, driver, phones, shown } = played
  const speed = name === 'steady-day' ? 500 : 20
  const run = await startRun({
    plan: SCENARIOS[name].plan({ phones, accounts: ACCOUNTS, durationSeconds, speed }),
    driver,
    k6: builtProgram('k6'),
    target: target(),
    accounts: accountsOf(name),
    door: { protocol: 'lmtp', ...installation.lmtp },
    processes: 1,
    seed: SCENARIO_NAMES.indexOf(name) * 100,
    thresholds: thresholdsOf(name),
    installationPid: undefined,
  })
  const look = setInterval(() => shown(run.measurements) && run.stop(), 100)
  const report = await run.ended.finally(() => clearInterval(look))
  const isTooSlow = !shown(report.measurements) && durationSeconds === DURATION
  return isTooSlow ? play(played, LONG_DURATION) : report
}

/** That phones understood everything; how fast this machine is isn't judged here. */
const assertUnderstood = ({ name, shown }: Played, { figures, measurements }: Report): void => {
  const verdict = (measure: Measure) => {
    const figure = figures.find((one) => one.name === MEASURES[measure])
    return figure === undefined ? undefined : met(figure)
  }
  assert.ok(shown(measurements), `${name} didn't come to what it is for: ${summary(measurements)}`)
  assert.equal(verdict('unexpected'), true, summary(measurements))
  assert.equal(verdict('refused'), true)
  assert.equal(verdict('gone'), true)
  assert.equal(verdict('untimed'), true, summary(measurements))
  assert.notEqual(verdict('mails-refused'), false)
}

const summary = (measured: Measurements): string =>
  JSON.stringify({
    up: measured.total('phones up'),
    waiting: measured.total('phones waiting'),
    left: measured.total('left'),
    back: measured.total('back'),
    mails: measured.total('mails in'),
    taken: measured.total('messages taken'),
    wonders: measured.wonders,
  })

const playAll = async (all: readonly Played[]): Promise<void> => {
  const reports = await Promise.all(all.map((one) => play(one)))
  for (const [n, played] of all.entries()) assertUnderstood(played, reports[n]!)
}

test(
  'every scenario shows what it is for, led by the simulator, and no phone is told what it doesn’t know',
  { timeout: PATIENCE_MS },
  () =>
    playAll(
      SCENARIO_NAMES.map((name) => ({ name, driver: 'simulator', phones: PHONES, shown: SHOWN[name] })),
    ),
)

const NO_K6 = 'k6 is not built (npm run load -- steady-day builds it with Go, in some minutes)'
/** k6 is slow where it shares two cores with four of its kind: its phones lead the same lives, and have shown it by then. */
const shownByK6: Shown = (measured) => measured.total('phones waiting') >= 1

test(
  'every scenario can be led by k6 with the product’s own codec, whose phones set themselves up and wait',
  { timeout: PATIENCE_MS, skip: builtProgram('k6') === undefined && NO_K6 },
  () => playAll(SCENARIO_NAMES.map((name) => ({ name, driver: 'k6', phones: 2, shown: shownByK6 }))),
)

type Ended = { readonly code: number; readonly out: string; readonly err: string }

const command = (main: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(root, main), ...args], { cwd: root }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
    )
  })

describe('the commands', { concurrency: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-load-'))
  const accounts = join(folder, 'accounts.csv')
  writeFileSync(
    accounts,
    madeAccounts(ACCOUNTS, 'load.example', () => 'load-password')
      .replaceAll('load0@', 'u0@')
      .replaceAll(/load(\d)@/g, 'u$1@'),
  )
  after(() => rmSync(folder, { recursive: true }))
  const given = () => ['--against', target().url, '--accounts', accounts, '--duration', '4s']
  /** What a slow machine may miss is taken away. */
  const calm = (Object.keys(MEASURES) as Measure[])
    .filter((name) => !['unexpected', 'refused'].includes(name))
    .flatMap((name) => ['--threshold', `${name}=`])

  test('end with 0 where thresholds are met, and write a report that opens by itself', async () => {
    const html = join(folder, 'report.html')
    const ended = await command('load-tests/simulator/main.ts', [
      ...given(),
      ...calm,
      '--html',
      html,
      '--processes',
      '2',
    ])
    assert.equal(ended.code, 0, ended.err + ended.out)
    assert.match(ended.out, /answers that no phone expects +0 +≤ 0 +met/)
    assert.match(readFileSync(html, 'utf8'), /<h2>Judged<\/h2>/)
  })

  test('end with 1 where one is missed that can’t be met', async () => {
    const ended = await command('load-tests/load/main.ts', [
      'steady-day',
      '--by',
      'simulator',
      ...given(),
      '--threshold',
      'waiting=1000',
      '--json',
    ])
    assert.equal(ended.code, 1, ended.err)
    const { figures } = JSON.parse(ended.out)
    assert.equal(figures.find(({ name }: { name: string }) => name === MEASURES.waiting).met, false)
  })

  test('end with 2 and one line where they can’t be understood', async () => {
    for (const [main, args] of [
      ['load-tests/load/main.ts', ['quiet-night']],
      ['load-tests/load/main.ts', ['steady-day', '--by', 'hand', ...given()]],
      ['load-tests/simulator/main.ts', []],
      ['load-tests/simulator/main.ts', [...given(), '--colour']],
      ['load-tests/simulator/main.ts', [...given(), '--ramp', '5s']],
    ] as const) {
      const { code, err } = await command(main, args)
      assert.equal(code, 2, `${args.join(' ')}: ${err}`)
      assert.match(err, /^relais: .+\n$/)
    }
  })

  test('say what they can, and make accounts', async () => {
    assert.match((await command('load-tests/load/main.ts', ['--help'])).out, /reconnect-storm/)
    const made = await command('load-tests/simulator/main.ts', [
      '--make-accounts',
      '2',
      '--domain',
      'x.example',
    ])
    assert.match(made.out, /^address,password\nload0@x\.example,[\w-]{16}\nload1@x\.example,[\w-]{16}\n$/)
  })

  test('a server that isn’t there is no crash: every phone tries again, and the thresholds say so', async () => {
    const ended = await command('load-tests/simulator/main.ts', [
      '--against',
      'http://127.0.0.1:9',
      '--accounts',
      accounts,
      '--duration',
      '3s',
      '--json',
    ])
    assert.equal(ended.code, 1)
    assert.ok(JSON.parse(ended.out).counts.answered === 0)
  })
})
