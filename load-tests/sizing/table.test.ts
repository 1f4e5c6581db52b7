import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HABITS, sizeOf } from './model.ts'
import { costsTable, tableOf } from './table.ts'
import { OPERATIONS, PROCESSES, type UnitCosts } from './unit-costs.ts'

const costs = JSON.parse(readFileSync(new URL('unit-costs.json', import.meta.url), 'utf8')) as UnitCosts
const sizes = (...accounts: number[]) => accounts.map((one) => sizeOf(one, HABITS, costs))
const size = (...args: string[]) =>
  execFileSync(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

describe('measured costs', () => {
  test('there is one of every operation and every process, and none below nothing', () => {
    for (const operation of OPERATIONS)
      for (const process of PROCESSES) {
        const cost = costs.cpuMs[operation][process]
        assert.ok(cost !== undefined && cost >= 0, `${operation} of ${process}: ${cost}`)
      }
  })

  test('it is said when, on what and of which commit they were measured', () => {
    assert.match(costs.measured.on, /^\d{4}-\d{2}-\d{2}$/)
    assert.match(costs.measured.machine, /cores .* commit [0-9a-f]{7,}/)
  })
})

describe('the table', () => {
  test('has a column for each number of accounts, and a row for each kind of process', () => {
    const lines = tableOf(sizes(1_000, 80_000)).split('\n')
    assert.match(lines[0] ?? '', /^\| accounts \| 1,000 \| 80,000 \|$/)
    for (const name of PROCESSES) assert.ok(lines.some((line) => line.startsWith(`| cores: ${name} |`)))
    for (const line of lines) assert.equal(line.split('|').length, 5)
  })

  test('the guide has the one that the command prints', () => {
    const guide = readFileSync(new URL('../../docs/guides/size-an-installation.md', import.meta.url), 'utf8')
    assert.ok(guide.includes(costsTable(costs)), 'put in what `npm run size -- --costs` prints')
    assert.ok(guide.includes(costs.measured.machine), 'say what was measured on')
    assert.ok(
      guide.includes(tableOf(sizes(1_000, 10_000, 80_000, 500_000))),
      'docs/guides/size-an-installation.md: put in what `npm run size` prints',
    )
  })

  test('the command prints it for others, with other habits', () => {
    const habits = { ...HABITS, mailsPerDay: 100 }
    const printed = size('--accounts', '5000', '--mails-per-day', '100')
    assert.equal(printed, `${tableOf([sizeOf(5_000, habits, costs)])}\n`)
    const [one] = JSON.parse(size('--accounts', '5000', '--json'))
    assert.equal(one.accounts, 5_000)
    assert.match(size('--help'), /--mails-per-day +default 30/)
  })

  test('what can’t be is one line and exit code 2', () => {
    const refused: readonly (readonly [string[], RegExp])[] = [
      [['--accounts', 'many'], /^relais: NaN is no number of accounts\n$/],
      [['--accounts', ''], /^relais: NaN is no number of accounts\n$/],
      [['--accounts', '10,,20'], /^relais: NaN is no number of accounts\n$/],
      [['--mails-per-day', ''], /^relais: mailsPerDay: NaN is no amount\n$/],
      [['--used-share', '2'], /^relais: usedShare: 2 is more than all\n$/],
      [['--colour', 'red'], /^relais: Unknown option '--colour'[^\n]*\n$/],
      [['--accounts'], /^relais: [^\n]*--accounts[^\n]*\n$/],
    ]
    for (const [args, said] of refused)
      assert.throws(
        () => size(...args),
        ({ status, stderr }: { status: number; stderr: string }) => {
          assert.equal(status, 2, args.join(' '))
          assert.match(stderr, said)
          return true
        },
      )
  })

  test('says what no digit is known of: nothing below a hundredth, two digits else', () => {
    const cells = tableOf(sizes(1_000, 500_000))
      .split('\n')
      .slice(2)
      .flatMap((line) => line.split('|').slice(2, -1))
      .map((cell) => cell.trim())
    for (const cell of cells) assert.match(cell, /^(< 0\.01|[\d,]+(\.\d+)?( [GT]iB)?)$/)
    assert.ok(cells.some((cell) => cell === '< 0.01'))
  })
})
