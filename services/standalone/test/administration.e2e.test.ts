import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { waitUntil } from '@relais/testing'
import { createTransport } from 'nodemailer'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { FORM, standaloneOnly } from './form.ts'
import { hostAndPort, type Running, relais, start, testFolder, writeSeed } from './process.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }
const BEN = { address: 'ben@acme.example', password: 'battery staple' }

const folder = testFolder()
const endings: (() => void | Promise<void>)[] = []
const scope = { after: (end: () => void | Promise<void>) => void endings.push(end) }
let running: Running
const command = (...args: string[]) => relais(running.data, args)
const json = async (...args: string[]) => JSON.parse(await command('--json', ...args))

before(async () => {
  running = await start(scope, join(folder.path, 'data'), [
    '--seed',
    writeSeed(folder.path, [ANNA, BEN]),
    '--throw-away',
  ])
})
after(async () => {
  for (const end of endings.reverse()) await end()
  folder.remove()
})

/** The status that a Ping ends with, or its failure's message. */
const outcome = (ping: Promise<string>): Promise<string> => ping.catch((error: Error) => error.message)

const readyPhone = async (who: typeof ANNA, device: string) => {
  const phone = running.phone(who.address, who.password, device)
  await phone.folderSync()
  await phone.prime('inbox')
  await phone.syncAll('inbox', { window: 512 })
  return phone
}

const deliver = async (address: string, subject: string) => {
  const { host, port } = hostAndPort(running.ready.lmtp)
  const sender = await LmtpSender.connect(host, port)
  await sender.deliver(
    address,
    Buffer.from(`Subject: ${subject}\r\nMessage-ID: <${subject}@else.example>\r\n\r\nbody\r\n`),
  )
  sender.close()
}

describe('the command line', () => {
  test('a tenant is added and used while everything runs', async () => {
    await command('tenant', 'create', 'Beta', 'beta.example')
    await relais(running.data, ['account', 'create', 'eve@beta.example', '--name', 'Eve'], {
      input: 'another secret\n',
    })
    const phone = running.phone('eve@beta.example', 'another secret')
    assert.ok((await phone.folderSync()).folders.has('inbox'))
    phone.close()
  })

  test('accounts come from CSV, and those that are refused are named', async () => {
    const file = join(folder.path, 'accounts.csv')
    writeFileSync(
      file,
      `address,password,name\nc1@acme.example,secret one,C One\n${ANNA.address},x,Twice\nc2@acme.example,secret two,C Two\n`,
    )
    const said = await relais(running.data, ['account', 'import', 'acme', file], { code: 1 })
    assert.match(said, /anna@acme\.example/)
    const accounts: { address: string }[] = await json('account', 'list', 'acme')
    assert.ok(accounts.some(({ address }) => address === 'c2@acme.example'))
  })

  test('an app password signs a phone in until it is revoked, and its request that waits ends with it', async () => {
    const { id, password } = await json('app-password', 'create', BEN.address, 'phone', '--scope', 'eas')
    const phone = await readyPhone({ ...BEN, password }, 'APP1')
    const held = outcome(phone.ping(['inbox']))
    await command('app-password', 'revoke', BEN.address, id)
    assert.match(await held, /HTTP 401/)
    await assert.rejects(phone.folderSync(), /HTTP 401/)
  })

  test('a lock ends what waits; without it the phone goes on', async () => {
    const phone = await readyPhone(BEN, 'LOCK1')
    const held = outcome(phone.ping(['inbox']))
    await command('account', 'lock', BEN.address)
    assert.equal(await held, '126')
    await assert.rejects(phone.sync('inbox'), /Status 126/)
    await command('account', 'activate', BEN.address)
    await deliver(BEN.address, 'after-the-lock')
    assert.equal((await phone.sync('inbox')).added, 1)
    phone.close()
  })

  test('an alias gets mail', async () => {
    await command('alias', 'add', ANNA.address, 'office@acme.example')
    const phone = await readyPhone(ANNA, 'ALIAS1')
    await deliver('office@acme.example', 'for-the-office')
    assert.equal((await phone.sync('inbox')).added, 1)
    phone.close()
  })

  test('devices are listed, blocked, and let in again', async () => {
    const phone = await readyPhone(ANNA, 'DEVICE1')
    const devices: { device: string }[] = await json('device', 'list', ANNA.address)
    assert.ok(devices.some(({ device }) => device === 'DEVICE1'))
    await command('device', 'block', ANNA.address, 'DEVICE1')
    await assert.rejects(phone.sync('inbox'))
    await command('device', 'unblock', ANNA.address, 'DEVICE1')
    await phone.sync('inbox')
    phone.close()
  })

  test('a phone that loops is named with its reason, and slowed down until it is told to come again', async () => {
    const phone = running.phone(ANNA.address, ANNA.password, 'LOOPS1')
    await assert.rejects(async () => {
      // Each device-sync counts what comes to it, and forgets one in ten seconds.
      for (let n = 0; n < 400; n += 1) await phone.folderSync()
    }, /HTTP 503/)
    const [shown] = await json('device', 'show', ANNA.address, 'LOOPS1')
    assert.equal(shown.loops, 'folder sync storm (FolderSync)')
    const listed: { device: string; loops: string }[] = await json('device', 'list', ANNA.address)
    assert.equal(listed.find(({ device }) => device === 'LOOPS1')?.loops, 'folder sync storm')
    await phone.prime('inbox')
    await command('device', 'release', ANNA.address, 'LOOPS1')
    // More often than there are device-syncs: every one knows it.
    for (let n = 0; n < 4; n += 1) await phone.folderSync()
    phone.close()
  })

  test('what a phone says is shown from now on, without content', async () => {
    const phone = running.phone(BEN.address, BEN.password, 'TRACED1')
    await phone.folderSync()
    const traced = command('--json', 'device', 'trace', BEN.address, 'TRACED1', '--for', '3s')
    let asking = true
    const over = traced.finally(() => {
      asking = false
    })
    // So seldom that it takes minutes until the phone is taken for one that loops.
    while (asking) {
      await phone.folderSync()
      await pause(700)
    }
    const lines = (await over)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.ok(lines.some(({ kind, text }) => kind === 'request' && text.includes('folderhierarchy:SyncKey')))
    assert.ok(lines.some(({ kind, text }) => kind === 'answer' && /HTTP (200|503)/.test(text)))
    assert.ok(lines.every(({ text }) => !text.includes(BEN.address) && !text.includes('Inbox')))
    await assert.rejects(command('device', 'trace', BEN.address, 'TRACED1', '--for', '2d'), /--for takes/)
    phone.close()
  })

  test('phones may be switched off for a tenant, and on again', async () => {
    const phone = running.phone(ANNA.address, ANNA.password, 'OFF1')
    await phone.folderSync()
    await command('tenant', 'eas', 'acme', 'off')
    await assert.rejects(phone.folderSync())
    await command('tenant', 'eas', 'acme', 'on')
    await phone.folderSync()
    phone.close()
  })

  test('mail that is exported and imported again is the same, byte for byte', async () => {
    const original = 'Subject: Grüße\r\nX: y\r\n\r\nline\r\n.\r\nFrom here\r\n'
    const source = join(folder.path, 'one.eml')
    writeFileSync(source, original)
    await command('mail', 'import', ANNA.address, source, '--into', 'Old/2019')
    for (const format of ['eml', 'maildir', 'mbox']) {
      const target = join(folder.path, `export-${format}`)
      await command('mail', 'export', ANNA.address, target, '--format', format)
      const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
      const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
      const wanted = format === 'mbox' ? original.replace('\r\nFrom here', '\r\n>From here') : original
      assert.ok(
        texts.some((text) => text.includes(wanted)),
        format,
      )
    }
  })

  test(
    'a backup while mail arrives is restored to what was there',
    standaloneOnly('a backup is of a data folder'),
    async (t) => {
      await deliver(ANNA.address, 'before-the-backup')
      const backup = join(folder.path, 'backup')
      let arriving = true
      const deliveries = (async () => {
        for (let n = 0; arriving; n++) await deliver(BEN.address, `during-${n}`)
      })()
      await command('backup', backup)
      arriving = false
      await deliveries
      const restored = join(folder.path, 'restored')
      await command('restore', backup, restored)
      const known = await readyPhone(ANNA, 'KNOWN')
      const second = await start(t, restored)
      await assert.rejects(known.at(second.ready.eas).sync('inbox'), /Status 3/)
      const phone = second.phone(ANNA.address, ANNA.password, 'RESTORED')
      await phone.folderSync()
      await phone.prime('inbox')
      assert.ok((await phone.syncAll('inbox', { window: 100 })) >= 1)
      const ben = second.phone(BEN.address, BEN.password, 'RESTORED')
      await ben.folderSync()
      await ben.prime('inbox')
      assert.ok((await ben.syncAll('inbox', { window: 100, html: 1000 })) >= 1)
      phone.close()
      ben.close()
    },
  )

  test('what can not be understood ends with 2 and one line', async () => {
    assert.match(
      await relais(running.data, ['account', 'show', 'nobody@acme.example'], { code: 2 }),
      /there is no account/,
    )
    assert.match(await relais(join(folder.path, 'nowhere'), ['status'], { code: 2 }), /no Relais runs/)
  })

  test('a call about a data folder says in words that there is none', {
    skip: FORM === 'standalone' && 'only for many processes',
  }, async () => {
    const said = await relais(running.data, ['backup', join(folder.path, 'copy')], { code: 1 })
    assert.match(said, /many processes and has no data folder/)
  })

  test('a wrong token is refused', async () => {
    const said = await relais(running.data, ['--token', 'wrong', 'tenant', 'list'], { code: 1 })
    assert.match(said, /token/)
  })
})

describe('mail of programs', () => {
  const submit = (auth: typeof ANNA, to: string, from = auth.address) => {
    const { host, port } = hostAndPort(running.ready.submission)
    const transport = createTransport({
      host,
      port,
      auth: { user: auth.address, pass: auth.password },
      ignoreTLS: true,
    })
    return transport
      .sendMail({ from, to, subject: 'sent', text: 'from a program' })
      .finally(() => transport.close())
  }

  test('a submission to an account here wakes its phone', async () => {
    const phone = await readyPhone(BEN, 'SUBMIT1')
    const woken = phone.ping(['inbox'])
    await submit(ANNA, BEN.address)
    assert.equal(await woken, '2')
    assert.equal((await phone.sync('inbox')).added, 1)
    phone.close()
  })

  test('an address that is not one’s own is refused, and so is a wrong password', async () => {
    await assert.rejects(submit(ANNA, BEN.address, 'ben@acme.example'), /553 5\.7\.1/)
    await assert.rejects(submit({ ...ANNA, password: 'wrong' }, BEN.address), /535 5\.7\.8/)
  })

  test('mail that can not leave comes back as a notification, and the queue is empty', async () => {
    const phone = await readyPhone(ANNA, 'BOUNCE1')
    await submit(ANNA, 'somebody@elsewhere.example')
    await waitUntil(async () => (await phone.sync('inbox')).added > 0)
    await waitUntil(async () => (await json('queue', 'list')).length === 0)
    phone.close()
  })
})
