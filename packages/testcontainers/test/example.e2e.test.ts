// An example to copy: a client's own tests against a real server. Docs: docs/guides/use-relais-in-your-tests.md.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
// Your client stands here.
import { Phone as YourClient } from '../../../load-tests/phone/phone.ts'
import { type RunningRelais, relaisIn } from '../src/index.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse', name: 'Anna' }
let relais: RunningRelais

// RELAIS_TEST_FORM=container runs it in a container, without it in a process of a checkout.
before(async () => {
  relais = await relaisIn(process.env.RELAIS_TEST_FORM)
    .withTenant('Acme', 'acme.example')
    .withAccounts(ANNA)
    .start()
})
after(() => relais?.stop())

const signIn = (device: string): YourClient => {
  const { hostname, port } = new URL(relais.eas)
  const address = { host: hostname, port: Number(port), secure: false }
  return new YourClient({ address, user: ANNA.address, password: ANNA.password, device })
}

test('a new account has an inbox, and nothing in it', async () => {
  const client = signIn('FIRST')
  const { folders } = await client.folderSync()
  assert.ok([...folders.values()].includes('2'), 'FolderSync names a folder of type 2')
  await client.prime('inbox')
  assert.equal(await client.syncAll('inbox'), 0)
  client.close()
})

test('mail with an attachment comes by push, and its attachment can be fetched', async () => {
  const client = signIn('SECOND')
  await client.prime('inbox')
  await client.syncAll('inbox')
  const waiting = client.ping(['inbox'], 300)
  await relais.deliver({
    to: ANNA.address,
    subject: 'Minutes',
    html: '<p>Here they are.</p>',
    attachments: [{ filename: 'minutes.txt', content: 'Everybody was there.' }],
  })
  assert.equal(await waiting, '2')
  const { added, lastFile } = await client.sync('inbox')
  assert.equal(added, 1)
  const { bytes } = await client.fetchRange(lastFile, '0-1000')
  assert.ok(bytes > 'Everybody was there.'.length)
  client.close()
})

test('what is read on the client is read on the server', async () => {
  const client = signIn('THIRD')
  await client.prime('inbox')
  const { lastAdded } = await client.sync('inbox')
  await client.markRead('inbox', lastAdded)
  const mails = await relais.mail(ANNA.address)
  assert.deepEqual(
    mails.map(({ subject, read }) => [subject, read]),
    [['Minutes', true]],
  )
  client.close()
})

test('a client that is blocked is told so', async () => {
  const client = signIn('FOURTH')
  await client.folderSync()
  await relais.administer('device', 'block', ANNA.address, 'FOURTH')
  await assert.rejects(client.folderSync(), /HTTP 403|Status 129/)
  client.close()
})
