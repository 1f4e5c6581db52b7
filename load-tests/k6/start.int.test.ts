import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing/wait-until.ts'
import { QUIET_PLAN } from '../eas/world.fixture.ts'
import { Measurements } from '../load/measurements.ts'
import { UsageError } from '../load/options.ts'
import type { Target } from '../simulator/share.ts'
import type { K6Order } from './order.ts'
import { prepareK6 } from './start.ts'

/** Of this file alone: others start k6 at the same time. */
const temporary = mkdtempSync(join(tmpdir(), 'relais-tests-of-k6-'))
process.env.TMPDIR = temporary
after(() => rmSync(temporary, { recursive: true, force: true }))

/**
 * What k6 is to us: a program that is given a script, reads its order, and writes lines. This one does as it is told, so that its ends and
 * its lines are known; the real one leads phones in load/scenarios.e2e.test.ts.
 */
const programThat = (context: TestContext, script: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-k6-test-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'k6')
  const prelude = `#!${process.execPath}
const { readFileSync, writeFileSync, statSync } = require('node:fs')
const order = JSON.parse(readFileSync(process.env.RELAIS_ORDER, 'utf8'))
const say = (metric, tags, value) => process.stdout.write(JSON.stringify({ metric, type: 'Point', data: { time: new Date(order.began + 3000).toISOString(), value, tags } }) + '\\n')
const note = (what) => writeFileSync(${JSON.stringify(join(folder, 'note'))}, JSON.stringify(what))
`
  writeFileSync(program, `${prelude}${script}`)
  chmodSync(program, 0o755)
  const noted = () => JSON.parse(readFileSync(join(folder, 'note'), 'utf8'))
  return { program, noted, hasNoted: () => existsSync(join(folder, 'note')) }
}

const TARGET: Target = { url: 'https://mail.example/eas', insecure: false, from: [] }
const ACCOUNTS = [{ address: 'a@load.example', password: 'sesame' }]

const prepared = async (
  program: string,
  {
    target = TARGET,
    networks = { good: 1 },
  }: { target?: Target; networks?: typeof QUIET_PLAN.networks } = {},
) => {
  const measured = new Measurements()
  const share = { plan: { ...QUIET_PLAN, networks }, accounts: ACCOUNTS, seed: 1, target, program }
  return { measured, crowd: await prepareK6(share, measured) }
}

const foldersOfK6 = () => readdirSync(tmpdir()).filter((name) => /^relais-k6-\w{6}$/.test(name))

describe('k6', () => {
  test('is told in a file that only its user may read, and not by its arguments', async (context) => {
    const { program, noted } = programThat(
      context,
      `note({ mode: statSync(process.env.RELAIS_ORDER).mode & 0o777, order, args: process.argv.slice(2) })`,
    )
    const { crowd } = await prepared(program)
    crowd.begin(1.8e12)
    await crowd.ended
    const { mode, order, args }: { mode: number; order: K6Order; args: string[] } = noted()
    assert.equal(mode, 0o600)
    assert.deepEqual(order.accounts, ACCOUNTS)
    assert.equal(order.began, 1.8e12)
    assert.deepEqual(order.urls, {
      good: 'https://mail.example/eas/Microsoft-Server-ActiveSync',
      slow: 'https://mail.example/eas/Microsoft-Server-ActiveSync',
      bad: 'https://mail.example/eas/Microsoft-Server-ActiveSync',
    })
    assert.equal(order.host, 'mail.example')
    assert.doesNotMatch(args.join(' '), /sesame/)
    assert.ok(args.includes('--no-usage-report'), 'it tells nobody of this run')
  })

  test('tells in lines what is measured, at its time', async (context) => {
    const { program } = programThat(
      context,
      `say('relais_count', { what: 'answered' }, 2); say('relais_time', { what: 'Sync' }, 20); say('http_reqs', {}, 1); process.stdout.write('{"metric":"relais_count","type":"Po')`,
    )
    const { crowd, measured } = await prepared(program)
    crowd.begin(Date.now())
    await crowd.ended
    await waitUntil(() => measured.times('Sync').total === 1)
    assert.equal(measured.total('answered'), 2)
    assert.deepEqual(measured.over('answered').totals().at(-1), [3, 2])
  })

  test('that ends in another way than it should is an error with its last words', async (context) => {
    const { program } = programThat(
      context,
      `process.stderr.write('line one\\nthe script is broken\\n'); process.exitCode = 107`,
    )
    const { crowd } = await prepared(program)
    crowd.begin(Date.now())
    await assert.rejects(crowd.ended, /^Error: k6 ended with 107: the script is broken$/)
  })

  test('that isn’t there is an error', async () => {
    const { crowd } = await prepared('/nowhere/k6')
    crowd.begin(Date.now())
    await assert.rejects(crowd.ended, /ENOENT/)
  })

  test('ends as it is told to, and that is no error', async (context) => {
    const { program, hasNoted } = programThat(
      context,
      `process.on('SIGINT', () => process.exit(105)); setInterval(() => {}, 1000); note('up')`,
    )
    const { crowd } = await prepared(program)
    crowd.begin(Date.now())
    await waitUntil(hasNoted)
    crowd.stop()
    await crowd.ended
  })

  test('leaves nothing behind, however it ended', async (context) => {
    const before = new Set(foldersOfK6())
    for (const script of ['', 'process.exitCode = 1']) {
      const { crowd } = await prepared(programThat(context, script).program)
      assert.equal(foldersOfK6().filter((name) => !before.has(name)).length, 1)
      const own = foldersOfK6().filter((name) => !before.has(name))
      crowd.begin(Date.now())
      await crowd.ended.catch(() => {})
      for (const name of own) assert.equal(existsSync(join(tmpdir(), name)), false)
    }
  })

  test('believes the authority that was given', async (context) => {
    const { program, noted } = programThat(
      context,
      `note({ ca: readFileSync(process.env.SSL_CERT_FILE, 'utf8'), mode: statSync(process.env.SSL_CERT_FILE).mode })`,
    )
    const { crowd } = await prepared(program, { target: { ...TARGET, ca: 'PEM' } })
    crowd.begin(Date.now())
    await crowd.ended
    assert.equal(noted().ca, 'PEM')
  })

  test('goes through the networks that the plan has, and names the server all the same', async (context) => {
    const { program, noted } = programThat(context, 'note(order)')
    const target = { ...TARGET, url: 'http://127.0.0.1:8080' }
    const { crowd } = await prepared(program, { target, networks: { good: 1, slow: 1 } })
    crowd.begin(Date.now())
    await crowd.ended
    const { urls, host }: K6Order = noted()
    assert.equal(urls.good, 'http://127.0.0.1:8080/Microsoft-Server-ActiveSync')
    assert.match(urls.slow, /^http:\/\/127\.0\.0\.1:(?!8080)\d+\/Microsoft-Server-ActiveSync$/)
    assert.equal(host, '127.0.0.1:8080')
  })
})

describe('what k6 can’t do is said before anything begins:', () => {
  test('own addresses', async () => {
    await assert.rejects(prepared('k6', { target: { ...TARGET, from: ['127.0.0.2'] } }), UsageError)
  })

  test('slow networks with certificates that are checked', async () => {
    await assert.rejects(prepared('k6', { networks: { slow: 1 } }), UsageError)
    const { crowd } = await prepared('/nowhere/k6', {
      ...{ networks: { slow: 1 } },
      target: { ...TARGET, insecure: true, url: 'https://127.0.0.1' },
    })
    crowd.begin(Date.now())
    await crowd.ended.catch(() => {})
  })
})
