import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { partsOf } from '../simulator/share.ts'
import { madeAccounts, readAccounts } from './accounts.ts'
import { commonOf } from './common-options.ts'
import { countOf, doorOf, mixOf, networksOf, secondsOf, UsageError, urlOf } from './options.ts'
import { lettersOf } from './post.ts'
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts'

const inFolder = (work: (file: (text: string) => string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-accounts-'))
  const file = (text: string) => {
    const path = join(folder, 'accounts')
    writeFileSync(path, text)
    return path
  }
  try {
    work(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('accounts', () => {
  test('are read from CSV with a header, whatever else it has, and with quotes', () => {
    inFolder((file) => {
      const text = '\ufeffname,address,password\r\nAnn,a@x.example,"p,""q"\r\n\r\nBen,b@x.example,r\r\n'
      assert.deepEqual(readAccounts(file(text)), [
        { address: 'a@x.example', password: 'p,"q' },
        { address: 'b@x.example', password: 'r' },
      ])
    })
  })

  test('are read from what npm start -- --seed takes', () => {
    inFolder((file) => {
      const accounts = [{ address: 'a@x.example', password: 'p', name: 'Ann' }]
      assert.deepEqual(readAccounts(file(JSON.stringify({ tenants: [{ accounts }, {}] }))), [
        { address: 'a@x.example', password: 'p' },
      ])
    })
  })

  test('that are made are read again', () => {
    inFolder((file) => {
      const read = readAccounts(file(madeAccounts(3, 'x.example', () => 'pw')))
      assert.deepEqual(
        read.map(({ address }) => address),
        ['load0@x.example', 'load1@x.example', 'load2@x.example'],
      )
    })
  })

  test('what would get into a head or a command is refused, with its number and without itself', () => {
    inFolder((file) => {
      for (const [text, said] of [
        ['address,password\n"a@x.example>\r\nDATA",p', /^account 1 has no address$/],
        ['address,password\na b@x.example,p', /account 1/],
        ['address,password\na@x.example,p\nb@x.example,', /^account 2 has no password$/],
        ['address,secret\na@x.example,p', /account 1 has no password/],
        ['address,password\n', /has no accounts/],
        ['{"tenants":7}', /has no accounts/],
      ] as const)
        assert.throws(() => readAccounts(file(text)), { message: said })
    })
  })
})

describe('options', () => {
  test('times have a unit or are seconds', () => {
    assert.deepEqual(
      ['90', '90s', '1.5m', '8h'].map((text) => secondsOf('duration', text)),
      [90, 90, 90, 28_800],
    )
    for (const text of ['', '0', '-1s', '5d', '1e3', '200h', 's'])
      assert.throws(() => secondsOf('duration', text), UsageError)
  })

  test('weights name what there is, and somebody has a part', () => {
    assert.deepEqual(mixOf('ios=50,outlook=1.5'), { ios: 50, outlook: 1.5 })
    assert.deepEqual(networksOf('bad=1'), { bad: 1 })
    for (const text of ['', 'ios', 'ios=-1', 'nokia=5', 'ios=0', '__proto__=1'])
      assert.throws(() => mixOf(text), UsageError)
  })

  test('an address is what is typed into a phone, or the whole of it', () => {
    assert.equal(urlOf('https://mail.example'), 'https://mail.example')
    assert.equal(urlOf('http://127.0.0.1:8080/Microsoft-Server-ActiveSync'), 'http://127.0.0.1:8080')
    assert.equal(urlOf('https://mail.example/eas/'), 'https://mail.example/eas')
    for (const text of [
      'mail.example',
      'ftp://mail.example',
      'https://u:p@mail.example',
      'https://mail.example/?x',
    ])
      assert.throws(() => urlOf(text), UsageError)
  })

  test('mail has one door', () => {
    assert.deepEqual(doorOf('lmtp', '[::1]:24'), { protocol: 'lmtp', host: '::1', port: 24 })
    for (const text of ['relais', 'relais:', 'relais:0', 'relais:70000', ':24'])
      assert.throws(() => doorOf('lmtp', text), UsageError)
    inFolder((file) => {
      const given = {
        against: 'http://x',
        accounts: file('address,password\na@x.example,p'),
        duration: '1s',
        speed: '1',
        'random-seed': '1',
      }
      assert.throws(() => commonOf({ ...given, lmtp: 'a:1', smtp: 'b:1' }), /give one of them/)
      assert.throws(() => commonOf({ ...given, phones: '90000000' }), UsageError)
      assert.throws(() => commonOf({ ...given, duration: '100s', ramp: '76s' }), /three quarters/)
      assert.equal(commonOf({ ...given, duration: '100s', ramp: '75s' }).rampSeconds, 75)
      assert.equal(commonOf({ ...given, duration: '100s' }).rampSeconds, 20)
      const most = commonOf({ ...given, phones: '1000000', processes: '256' })
      assert.equal(most.phones / most.processes < 4000, true)
      assert.equal(commonOf({ ...given, phones: '25000', processes: '5' }).processes, 5)
      assert.throws(() => commonOf({ ...given, accounts: '/nowhere' }), /^UsageError|Error: --accounts/)
    })
  })

  test('counts are whole', () => {
    for (const text of ['0', '1.5', 'many', '-3', '1e3'])
      assert.throws(() => countOf('phones', text), UsageError)
  })
})

test('every phone is led once, whatever the number of processes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 16 }), (phones, processes) => {
      const led = partsOf(phones, processes).flatMap(({ first, count }) =>
        Array.from({ length: count }, (_, n) => first + n),
      )
      assert.deepEqual(
        led,
        Array.from({ length: phones }, (_, n) => n),
      )
    }),
  )
})

describe('scenarios', () => {
  const extent = { phones: 120, accounts: 100, durationSeconds: 600, speed: 1 }

  test('each has a moment for everything within its time', () => {
    for (const name of SCENARIO_NAMES) {
      const { rampSeconds, durationSeconds, away, post } = SCENARIOS[name].plan(extent)
      assert.ok(rampSeconds < durationSeconds)
      if (away)
        assert.ok(
          rampSeconds < away.from &&
            away.from < away.until &&
            away.until + away.spreadSeconds < durationSeconds,
        )
      if (post.bursts) assert.ok(rampSeconds < post.bursts.from && post.bursts.from < durationSeconds)
    }
  })

  test('an institution of 10,000 accounts gets ten mails a second in its busiest hour', () => {
    const { post } = SCENARIOS['steady-day'].plan({ ...extent, accounts: 10_000 })
    assert.equal(post.perSecond, 10)
  })

  const letters = (name: (typeof SCENARIO_NAMES)[number], accounts = 3) => {
    const all = Array.from({ length: accounts }, (_, n) => ({ address: `a${n}@x.example`, password: 'p' }))
    return [...lettersOf(SCENARIOS[name].plan({ ...extent, accounts }), all, () => 0)]
  }

  test('a weekend’s mail comes while phones are away, the same for each account', () => {
    const { away, post } = SCENARIOS['monday-morning'].plan({ ...extent, accounts: 3 })
    const meanwhile = letters('monday-morning').filter(({ at }) => at >= away!.from && at < away!.until)
    for (const account of ['a0@x.example', 'a1@x.example', 'a2@x.example'])
      assert.ok(meanwhile.filter(({ recipients }) => recipients[0] === account).length >= post.whileAway)
  })

  test('letters are in order of their time', () => {
    for (const name of SCENARIO_NAMES) {
      const times = letters(name).map(({ at }) => at)
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      )
    }
  })

  test('a burst reaches everybody of the group once, a hundred in one transaction', () => {
    const burst = letters('mail-burst', 250)
    const first = burst.filter(({ at }) => at === burst[0]?.at)
    assert.deepEqual(
      first.map(({ recipients }) => recipients.length),
      [100, 100, 50],
    )
    assert.equal(new Set(first.flatMap(({ recipients }) => recipients)).size, 250)
  })
})
