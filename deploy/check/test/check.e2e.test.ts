import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RunningRelais, relaisIn } from '@relais/testcontainers'
import { check } from '../src/check.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }

let running: RunningRelais

before(async () => {
  running = await relaisIn(process.env.RELAIS_TEST_FORM)
    .withTenant('Acme', 'acme.example')
    .withAccounts(ANNA)
    .start()
})
after(() => running?.stop())

const urlOf = (): string => new URL(running.eas).origin

const round = async (subject: string, account: Partial<typeof ANNA> = {}) => {
  const lines: string[] = []
  await check({
    account: { url: urlOf(), ...ANNA, ...account },
    lmtp: `${running.lmtp.host}:${running.lmtp.port}`,
    subject,
    say: (line) => void lines.push(line),
  })
  return lines.map((line) => line.slice(0, line.indexOf(':')))
}

test('a round ends with the message in the phone’s hands, and again when it is run again', async () => {
  for (const subject of ['relais-check-1', 'relais-check-2'])
    assert.deepEqual(await round(subject), ['OPTIONS', 'Provision', 'FolderSync', 'Sync', 'Ping', 'Sync'])
})

test('a policy of the tenant is taken', async () => {
  await running.administer('tenant', 'set', 'acme', 'eas.policy', 'AllowCamera=0')
  assert.equal((await round('relais-check-3')).length, 6)
})

test('what fails is named: a wrong password', async () => {
  await assert.rejects(round('relais-check-4', { password: 'wrong' }), /OPTIONS|Provision: HTTP 401/)
})

test('what fails is named: nobody at the other end of LMTP', async () => {
  const account = { url: urlOf(), ...ANNA }
  await assert.rejects(
    check({ account, lmtp: '127.0.0.1:1', subject: 'relais-check-5', say: () => {} }),
    /ECONNREFUSED/,
  )
})
