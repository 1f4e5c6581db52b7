import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Running,
  relais,
  start,
  testFolder,
  writeSeed,
} from '../../../services/standalone/test/process.ts'
import { check } from '../src/check.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }

const folder = testFolder()
const endings: (() => void | Promise<void>)[] = []
let running: Running

before(async () => {
  const scope = { after: (end: () => void | Promise<void>) => void endings.push(end) }
  running = await start(scope, join(folder.path, 'data'), [
    '--seed',
    writeSeed(folder.path, [ANNA]),
    '--throw-away',
  ])
})
after(async () => {
  for (const end of endings.reverse()) await end()
  folder.remove()
})

const round = async (subject: string, account: Partial<typeof ANNA> = {}) => {
  const lines: string[] = []
  await check({
    account: { url: running.ready.eas, ...ANNA, ...account },
    lmtp: running.ready.lmtp.replace(/^\w+:\/\//, ''),
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
  await relais(running.data, ['tenant', 'set', 'acme', 'eas.policy', 'AllowCamera=0'])
  assert.equal((await round('relais-check-3')).length, 6)
})

test('what fails is named: a wrong password', async () => {
  await assert.rejects(round('relais-check-4', { password: 'wrong' }), /OPTIONS|Provision: HTTP 401/)
})

test('what fails is named: nobody at the other end of LMTP', async () => {
  const account = { url: running.ready.eas, ...ANNA }
  await assert.rejects(
    check({ account, lmtp: '127.0.0.1:1', subject: 'relais-check-5', say: () => {} }),
    /ECONNREFUSED/,
  )
})
