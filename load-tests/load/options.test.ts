import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { accountsOfCsv, accountsOfSeed, madeAccounts, readAccounts } from './accounts.ts'
import { COMMON_OPTIONS, type CommonValues, commonOf, thresholdsIn } from './common-options.ts'
import {
  addressesOf,
  countOf,
  doorOf,
  factorOf,
  mixOf,
  networksOf,
  readText,
  secondsOf,
  UsageError,
  urlOf,
} from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'relais-options-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
const fileOf = (text: string): string => {
  const path = join(folder, `file${files++}`)
  writeFileSync(path, text)
  return path
}

/** What a parser makes of a text: a value, or a line for whoever typed it. */
const isUnderstoodOrRefused = (parse: (text: string) => unknown) =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9smhgobd=,.:/-]{0,12}$/)), (text) => {
      try {
        parse(text)
      } catch (error) {
        assert.ok(error instanceof UsageError, `${error}`)
        assert.doesNotMatch(error.message.replace(text, ''), /[\r\n]/)
      }
    }),
  )

describe('whatever is typed is understood or refused in one line:', () => {
  test('a time', () => isUnderstoodOrRefused((text) => secondsOf('duration', text)))
  test('a number', () => isUnderstoodOrRefused((text) => countOf('phones', text)))
  test('a factor', () => isUnderstoodOrRefused((text) => factorOf('speed', text)))
  test('a mix', () => isUnderstoodOrRefused(mixOf))
  test('networks', () => isUnderstoodOrRefused(networksOf))
  test('an address', () => isUnderstoodOrRefused(urlOf))
  test('a door', () => isUnderstoodOrRefused((text) => doorOf('smtp', text)))
  test('own addresses', () => isUnderstoodOrRefused(addressesOf))
})

describe('a time', () => {
  test('is the same in each of its units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 168 }), (hours) => {
        const seconds = secondsOf('duration', `${hours}h`)
        assert.equal(seconds, hours * 3600)
        assert.equal(secondsOf('duration', `${hours * 60}m`), seconds)
        assert.equal(secondsOf('duration', `${hours * 3600}s`), seconds)
        assert.equal(secondsOf('duration', `${hours * 3600}`), seconds)
      }),
    )
  })

  test('is above nothing and a week at most: timers go no further', () => {
    assert.equal(secondsOf('ramp', '0.001'), 0.001)
    assert.equal(secondsOf('ramp', '168h'), 604_800)
    for (const text of ['0s', '0.000', '169h', '1d', '1 h', 'PT1H', '١s'])
      assert.throws(() => secondsOf('ramp', text), UsageError)
  })
})

describe('an address', () => {
  test('has nobody’s name and password in it: reports show it', () => {
    for (const text of [
      'https://ann:secret@mail.example',
      'https://ann@mail.example',
      'https://:secret@mail.example',
    ])
      assert.throws(() => urlOf(text), UsageError)
  })

  test('has nothing behind its path', () => {
    for (const text of ['https://mail.example/?a=b', 'https://mail.example/#top'])
      assert.throws(() => urlOf(text), UsageError)
  })

  test('given again is the same', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), (text) => {
        assert.equal(urlOf(urlOf(text)), urlOf(text))
      }),
    )
  })

  test('may have the place of the protocol, in any letters, and a port', () => {
    assert.equal(urlOf('https://mail.example:8443/microsoft-server-activesync/'), 'https://mail.example:8443')
    assert.equal(urlOf('http://[::1]:80/eas/Microsoft-Server-ActiveSync'), 'http://[::1]/eas')
  })
})

describe('own addresses', () => {
  test('are addresses, in turn', () => {
    assert.deepEqual(addressesOf('127.0.0.2,::1'), ['127.0.0.2', '::1'])
    assert.deepEqual(addressesOf(undefined), [])
    for (const text of ['', '127.0.0.2,', 'localhost', '127.0.0.1/8'])
      assert.throws(() => addressesOf(text), UsageError)
  })
})

describe('a mail door', () => {
  test('is a host and a port, with brackets or without', () => {
    assert.deepEqual(doorOf('smtp', 'mx.example:25'), { protocol: 'smtp', host: 'mx.example', port: 25 })
    assert.deepEqual(doorOf('lmtp', '::1:24'), { protocol: 'lmtp', host: '::1', port: 24 })
    assert.equal(doorOf('lmtp', 'a:65535').port, 65_535)
    for (const text of ['a:65536', 'a:-1', 'a:', ':24', 'a'])
      assert.throws(() => doorOf('lmtp', text), UsageError)
  })
})

test('a file that can’t be read is said with its option and its name', () => {
  assert.throws(() => readText('ca', join(folder, 'nowhere')), /^UsageError|Error: --ca .*nowhere: ENOENT/)
  assert.equal(readText('ca', fileOf('PEM')), 'PEM')
})

describe('accounts', () => {
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  const account = fc.record(
    {
      address: fc.stringMatching(/^[a-z0-9.+-]{1,20}@[a-z0-9.-]{1,20}$/),
      password: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
        .filter((text) => text.trim() === text && text !== ''),
    },
    { noNullPrototype: true },
  )

  test('of CSV are read as they were written, whatever is in a password', () => {
    fc.assert(
      fc.property(fc.array(account, { minLength: 1, maxLength: 8 }), (accounts) => {
        const rows = accounts.map(({ address, password }) => `${cell(address)},${cell(password)}`)
        assert.deepEqual(readAccounts(fileOf(['address,password', ...rows].join('\n'))), accounts)
      }),
      { numRuns: 60 },
    )
  })

  test('of JSON are read as they were written, from every tenant', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(account, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        (tenants) => {
          const text = JSON.stringify({ tenants: tenants.map((accounts) => ({ accounts })) })
          assert.deepEqual(accountsOfSeed(text), tenants.flat())
        },
      ),
    )
  })

  test('of JSON that is something else are none, and no crash', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(
          accountsOfSeed(JSON.stringify({ tenants: [value] })).filter((one) => one === undefined),
          [],
        )
      }),
    )
    for (const tenants of [[null], [{ accounts: 7 }], [{ accounts: null }], 'all', null])
      assert.deepEqual(accountsOfSeed(JSON.stringify({ tenants })), [])
  })

  test('one that is nothing is said with its number', () => {
    const file = fileOf(
      JSON.stringify({ tenants: [{ accounts: [{ address: 'a@x.example', password: 'p' }, null] }] }),
    )
    assert.throws(() => readAccounts(file), /^RangeError: account 2 has no address$/)
  })

  test('of JSON that is none are refused without a piece of it: there are passwords in it', () => {
    for (const text of ['{"tenants":[{"accounts":[{"password":"hunter2"', '{"password":hunter2}', '{hunter2'])
      assert.throws(
        () => readAccounts(fileOf(text)),
        (error: Error) => !/hunter2/.test(error.message) && /is none/.test(error.message),
      )
  })

  test('of CSV with a quote in the wrong place are refused', () => {
    assert.throws(() => accountsOfCsv('address,password\n"a@x.example"b,p'))
  })

  test('that are made have each a password of its own, and no line that is empty', () => {
    let n = 0
    const lines = madeAccounts(3, 'x.example', () => `pw${n++}`).split('\n')
    assert.deepEqual(lines, [
      'address,password',
      'load0@x.example,pw0',
      'load1@x.example,pw1',
      'load2@x.example,pw2',
      '',
    ])
  })
})

describe('the options of a run', () => {
  const defaults = Object.fromEntries(
    Object.entries(COMMON_OPTIONS).flatMap(([name, option]) =>
      'default' in option ? [[name, option.default]] : [],
    ),
  ) as CommonValues
  const given = (more: CommonValues) =>
    commonOf({
      ...defaults,
      against: 'https://mail.example',
      accounts: fileOf('address,password\na@x.example,p\nb@x.example,q\n'),
      ...more,
    })

  test('by themselves are a phone for each account, for ten minutes, as busy as people are', () => {
    const { phones, durationSeconds, speed, door, processes, target } = given({})
    assert.deepEqual(
      { phones, durationSeconds, speed, door, processes },
      {
        ...{ phones: 2, durationSeconds: 600, speed: 1 },
        ...{ door: undefined, processes: 1 },
      },
    )
    assert.deepEqual(target, { url: 'https://mail.example', insecure: false, from: [] })
  })

  test('need to say against what and as whom, and say so', () => {
    assert.throws(() => commonOf(defaults), /^UsageError|Error: --against is missing/)
    assert.throws(() => commonOf({ ...defaults, against: 'http://x' }), /--accounts is missing/)
  })

  test('are no more processes than phones, and as many as are needed', () => {
    assert.equal(given({ phones: '3', processes: '8' }).processes, 3)
    assert.equal(given({ phones: '1000' }).processes, 1)
    assert.ok(given({ phones: '20000' }).processes >= 2)
    assert.equal(given({ phones: '100000' }).processes, 10)
    assert.throws(() => given({ processes: '257' }), UsageError)
  })

  test('have one door for mail', () => {
    assert.equal(given({ smtp: 'mx:25' }).door?.protocol, 'smtp')
    assert.equal(given({ lmtp: 'mx:24' }).door?.protocol, 'lmtp')
    assert.throws(() => given({ smtp: 'mx:25', lmtp: 'mx:24' }), UsageError)
  })

  test('say how certificates are believed', () => {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, 'PEM')
    assert.equal(given({ ca }).target.ca, 'PEM')
    assert.equal(given({ insecure: true }).target.insecure, true)
    assert.throws(() => given({ ca: join(folder, 'none.pem') }), UsageError)
  })

  test('are what is wrong with the accounts, in words', () => {
    assert.throws(
      () => given({ accounts: fileOf('address\na@x.example') }),
      /^UsageError|Error: --accounts: account 1 has no password/,
    )
    assert.throws(() => given({ accounts: folder }), /--accounts: /)
  })

  test('name thresholds that there are', () => {
    assert.deepEqual(thresholdsIn({ 'sync-p50': { atMost: 1 } }, { threshold: ['sync-p50=2'] }), {
      'sync-p50': { atMost: 2 },
    })
    assert.throws(() => thresholdsIn({}, { threshold: ['speed=2'] }), UsageError)
    assert.deepEqual(thresholdsIn({}, {}), {})
  })
})
