import assert from 'node:assert/strict'
import { before, describe, type TestContext, test } from 'node:test'
import { type Authority, type Credentials, createAuthority } from '@relais/testing'
import type { NetworkName, Plan } from '../eas/plan.ts'
import { QUIET_PLAN } from '../eas/world.fixture.ts'
import { Measurements } from '../load/measurements.ts'
import { startCrowd } from './crowd.ts'
import { emptyServer } from './empty-server.fixture.ts'
import type { Target } from './share.ts'

let authority: Authority
let other: Authority
/** For localhost and 127.0.0.1. */
let own: Credentials

before(async () => {
  authority = await createAuthority('Load Tests')
  other = await createAuthority('Somebody Else')
  own = await authority.issue('relais')
})

const PHONES = 3
const ACCOUNTS = [{ address: 'a@load.example', password: 'p' }]

const planOf = (networks: Partial<Record<NetworkName, number>> = { good: 1 }): Plan => ({
  ...QUIET_PLAN,
  phones: PHONES,
  mix: { ios: 1, android: 1, outlook: 1 },
  networks,
  durationSeconds: 60,
})

type Shown = (measured: Measurements) => boolean

const allWait: Shown = (measured) => measured.total('held begun') - measured.total('held ended') >= PHONES
const allRefused: Shown = (measured) => measured.total('broken') + measured.total('cut') >= PHONES

/** Leads phones to a server with that certificate until `shown`. */
const leading = async (
  context: TestContext,
  { certificate = own, host = '127.0.0.1' }: { readonly certificate?: Credentials; readonly host?: string },
  { shown, plan = planOf(), ...trust }: { shown: Shown; plan?: Plan } & Partial<Target>,
) => {
  const { port, seen } = await emptyServer(context, undefined, certificate)
  const measured = new Measurements()
  const target = { url: `https://${host}:${port}`, insecure: false, from: [], ...trust }
  const crowd = await startCrowd({ plan, target, accounts: ACCOUNTS, seed: 1, processes: 1 }, measured)
  crowd.begin(Date.now())
  const look = setInterval(() => shown(measured) && crowd.stop(), 20)
  await crowd.ended.finally(() => clearInterval(look))
  return { measured, seen }
}

/** What phones say of a server that they don't believe, without the names of commands. */
const reasonsOf = ({ wonders }: Measurements): readonly string[] => [
  ...new Set(wonders.map(([why]) => why.replace(/^\w+: /, ''))),
]

describe('over TLS', () => {
  test('phones set themselves up and wait at a server whose authority they were given', async (context) => {
    const { measured, seen } = await leading(context, {}, { ca: authority.ca, shown: allWait })
    assert.equal(measured.total('phones up'), PHONES)
    assert.equal(measured.total('broken'), 0)
    assert.ok(seen.some(({ command }) => command === 'Ping'))
  })

  test('a certificate is checked by the name that was typed, too', async (context) => {
    const { measured } = await leading(context, { host: 'localhost' }, { ca: authority.ca, shown: allWait })
    assert.equal(measured.total('phones up'), PHONES)
  })

  test('behind slow networks it is the server that is believed, and not the network', async (context) => {
    const { measured } = await leading(
      context,
      {},
      { ca: authority.ca, plan: planOf({ slow: 1 }), shown: allWait },
    )
    assert.equal(measured.total('phones up'), PHONES)
    assert.equal(measured.total('cut'), 0)
  })

  test('with --insecure any certificate will do', async (context) => {
    const certificate = await other.issue('whoever', { validForMs: -3_600_000 })
    const { measured } = await leading(context, { certificate }, { insecure: true, shown: allWait })
    assert.equal(measured.total('phones up'), PHONES)
  })
})

describe('no phone says its password to a server', () => {
  const untrusting = async (
    context: TestContext,
    server: { readonly certificate?: Credentials; readonly host?: string },
    trust: Partial<Target> & { readonly plan?: Plan },
  ) => {
    const { measured, seen } = await leading(context, server, { ...trust, shown: allRefused })
    assert.deepEqual(seen, [], 'nothing was asked')
    assert.equal(measured.total('phones up'), 0)
    return measured
  }

  test('of an authority that Node doesn’t come with, where none was given', async (context) => {
    const measured = await untrusting(context, {}, {})
    assert.match(reasonsOf(measured).join(), /unable to verify|self-signed|unable to get/)
  })

  test('of another authority than the one that was given', async (context) => {
    const measured = await untrusting(context, {}, { ca: other.ca })
    assert.match(reasonsOf(measured).join(), /unable to verify|self-signed|unable to get|signature/)
  })

  test('whose certificate is another’s', async (context) => {
    const certificate = await authority.issue('mail.example', { hosts: ['mail.example'], isElsewhere: true })
    const measured = await untrusting(context, { certificate }, { ca: authority.ca })
    assert.match(reasonsOf(measured).join(), /does not match/)
  })

  test('whose certificate was valid once', async (context) => {
    const certificate = await authority.issue('relais', { validForMs: -3_600_000 })
    const measured = await untrusting(context, { certificate }, { ca: authority.ca })
    assert.match(reasonsOf(measured).join(), /expired/)
  })

  test('behind a slow network that isn’t it', async (context) => {
    const measured = await untrusting(context, {}, { ca: other.ca, plan: planOf({ slow: 1 }) })
    assert.equal(measured.total('broken'), 0, 'on such a network it is the network’s: it is counted as cut')
  })
})
