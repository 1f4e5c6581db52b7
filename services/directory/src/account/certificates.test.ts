import { before, describe, test } from 'node:test'
import { createAuthority, specify } from '@relais/testing'
import { parseCertificate } from '../certificate/certificate.ts'
import type { DirectoryEvent } from '../events.ts'
import { type Account, evolveAccount, noAccount } from './account.ts'
import { MAX_CERTIFICATES } from './certificates.ts'
import { type AccountCommand, decideAccount } from './decide.ts'

const { given } = specify<Account, AccountCommand, DirectoryEvent>({
  initialState: noAccount,
  evolve: evolveAccount,
  decide: decideAccount,
})

const fields = { displayName: '', locale: '', timeZone: '', quotaBytes: 0, attributes: {} }
const account: DirectoryEvent = {
  type: 'AccountCreated',
  payload: { account: 'u_1', address: 'mike@ox.io', ...fields },
}
const added = (fingerprint: string, certificate: Uint8Array): DirectoryEvent => ({
  type: 'CertificateAdded',
  payload: { fingerprint, certificate },
})
const others = (count: number) => Array.from({ length: count }, (_, n) => added(String(n), Uint8Array.of(n)))

describe("somebody's certificates", () => {
  let pem = Buffer.alloc(0)
  let mine: DirectoryEvent
  let fingerprint = ''
  before(async () => {
    pem = Buffer.from((await (await createAuthority('A')).issue('mike@ox.io')).certificate)
    const parsed = parseCertificate(pem)!
    fingerprint = parsed.fingerprint
    mine = added(fingerprint, parsed.der)
  })
  const add = () => ({ type: 'AddCertificate', certificate: pem }) as const

  test('are kept as DER, whatever form they were given in', () => given([account]).when(add()).then([mine]))
  test('are each there once', () => given([account, mine]).when(add()).then([]))
  test('are ten at most', () => {
    given([account, ...others(MAX_CERTIFICATES - 1)])
      .when(add())
      .then([mine])
    given([account, ...others(MAX_CERTIFICATES)])
      .when(add())
      .thenRefused('FAILED_PRECONDITION')
    given([account, ...others(MAX_CERTIFICATES - 1), mine])
      .when(add())
      .then([])
  })
  test('are removed by their fingerprints, once', () => {
    const remove = { type: 'RemoveCertificate', fingerprint } as const
    const removed: DirectoryEvent = { type: 'CertificateRemoved', payload: { fingerprint } }
    given([account, mine]).when(remove).then([removed])
    given([account, mine, removed]).when(remove).thenRefused('NOT_FOUND')
    given([account, mine, removed]).when(add()).then([mine])
  })
  test('are certificates', () =>
    given([account])
      .when({ type: 'AddCertificate', certificate: Buffer.from('nothing') })
      .thenRefused('INVALID_ARGUMENT'))
})
