// The same suite for every form of starting Relais: what holds in one holds in all.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { Phone } from '../../../load-tests/phone/phone.ts'
import { LocalRelais, type Relais, RelaisCluster, RelaisContainer, type RunningRelais } from '../src/index.ts'
import { withoutEngine } from './engine.ts'

type Form = { readonly name: string; readonly skip: string | false; make(): Relais }

const RELAIS = 'localhost/relais:dev'
/** Where others are named, as for an engine without a registry. */
const { TEST_NATS_IMAGE: nats = 'nats:2.12', TEST_POSTGRES_IMAGE: postgres = 'postgres:18-alpine' } =
  process.env

const FORMS: readonly Form[] = [
  { name: 'a process of this machine', skip: false, make: () => new LocalRelais() },
  { name: 'a container', skip: await withoutEngine(RELAIS), make: () => new RelaisContainer(RELAIS) },
  {
    name: 'a cluster of containers',
    skip: await withoutEngine(RELAIS, nats, postgres),
    make: () => new RelaisCluster({ relais: RELAIS, nats, postgres }),
  },
]

const ANNA = 'anna@acme.example'
const BEN = { address: 'ben@acme.example', password: 'battery "staple", horse', name: 'Ben' }

const phoneOf = (relais: RunningRelais, user: string): Phone => {
  const { hostname, port } = new URL(relais.eas)
  const address = { host: hostname, port: Number(port), secure: false }
  return new Phone({ address, user, password: relais.password(user), device: 'FORMS1' })
}

for (const { name, skip, make } of FORMS) {
  describe(name, { skip }, () => {
    let relais: RunningRelais
    before(async () => {
      relais = await make()
        .withTenant('Acme', 'acme.example')
        .withAccounts(ANNA, BEN)
        .withSettings({ RELAIS_MAX_REPEATS: '0' })
        .start()
    })
    after(() => relais?.stop())

    test('a phone signs in, and mail that is put in answers its Ping and is there', async () => {
      const phone = phoneOf(relais, ANNA)
      await phone.folderSync()
      await phone.prime('inbox')
      await phone.syncAll('inbox')
      const waiting = phone.ping(['inbox'], 600)
      await relais.deliver({ to: ANNA, subject: 'Good morning', text: 'It is a test.' })
      assert.equal(await waiting, '2')
      const { added, lastAdded } = await phone.sync('inbox')
      assert.equal(added, 1)
      await phone.markRead('inbox', lastAdded)
      phone.close()
      const [mail] = await relais.mail(ANNA)
      assert.deepEqual([mail?.mailbox, mail?.subject, mail?.read], ['Inbox', 'Good morning', true])
      assert.match(mail?.raw.toString() ?? '', /It is a test\./)
    })

    test('accounts have the passwords that they were given', async () => {
      const phone = phoneOf(relais, BEN.address)
      assert.ok((await phone.folderSync()).folders.size >= 5)
      phone.close()
    })

    test('mail comes by SMTP, and by submission from an account', async () => {
      const message = { to: BEN.address, text: 'x' }
      const outside = createTransport({ ...relais.smtp, ignoreTLS: true })
      await outside.sendMail({ ...message, from: 'cleo@elsewhere.example', subject: 'by SMTP' })
      outside.close()
      const auth = { user: ANNA, pass: relais.password(ANNA) }
      const own = createTransport({ ...relais.submission, ignoreTLS: true, auth })
      await own.sendMail({ ...message, from: ANNA, subject: 'by submission' })
      own.close()
      await eventually(async () => {
        const subjects = (await relais.mail(BEN.address)).map(({ subject }) => subject)
        assert.deepEqual(subjects.toSorted(), ['by SMTP', 'by submission'])
      })
    })

    test('the administrator’s commands answer with what they say as JSON', async () => {
      const devices = (await relais.administer('device', 'list', ANNA)) as { device: string }[]
      assert.deepEqual(
        devices.map(({ device }) => device),
        ['FORMS1'],
      )
    })

    test('mail for nobody is refused, and so is a command that can’t be', async () => {
      await assert.rejects(relais.deliver({ to: 'nobody@acme.example', text: 'x' }), /550|nobody/)
      await assert.rejects(relais.administer('account', 'show', 'nobody@acme.example'))
    })

    test('the administration’s address answers to its token alone', async () => {
      assert.match(relais.admin.url, /^https?:\/\/[^/]+:\d+$/)
      assert.ok(relais.admin.token.length >= 32)
    })
  })
}

/** What is accepted is delivered within moments: asked again until it is so, for a minute. */
const eventually = async (check: () => Promise<void>): Promise<void> => {
  const deadline = performance.now() + 60_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
