import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import { standaloneOnly } from './form.ts'
import { hostAndPort, refusedStart, relais, start, testFolder, writeSeed } from './process.ts'

const MESSAGE = Buffer.from('Subject: hello\r\n\r\nGood morning\r\n')
const ANNA = { address: 'anna@acme.example', password: 'correct horse' }

const folder = testFolder()
after(() => folder.remove())
let count = 0
const fresh = () => join(folder.path, `data${++count}`)

const seeded = async (t: { after(fn: () => void | Promise<void>): void }, flags: readonly string[] = []) => {
  const data = fresh()
  return start(t, data, [
    '--seed',
    writeSeed(folder.path, [ANNA, { address: 'ben@acme.example', password: 'battery' }]),
    '--throw-away',
    ...flags,
  ])
}

describe('npm start', () => {
  test('a first start makes a demo whose passwords work, and a second one touches nothing', async (t) => {
    const data = fresh()
    const first = await start(t, data)
    const password = /anna@demo\.example +(\S+)/.exec(first.said())?.[1] ?? ''
    const phone = first.phone('anna@demo.example', password)
    await phone.folderSync()
    await phone.prime('inbox')
    assert.equal((await phone.sync('inbox')).added, 3)
    assert.equal(await first.stop(), 0)
    const second = await start(t, data)
    assert.doesNotMatch(second.said(), /passwords/)
    const again = second.phone('anna@demo.example', password, 'E2E2')
    await again.folderSync()
    await again.prime('inbox')
    assert.equal((await again.sync('inbox')).added, 3)
  })

  test('the ready file says pid, URLs, addresses and an administrator’s token, for its owner alone', async (t) => {
    const file = join(folder.path, 'ready.json')
    const { ready } = await start(t, fresh(), ['--ready-file', file])
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), ready)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(ready.eas, /^http:\/\/127\.0\.0\.1:\d+$/)
    for (const address of [ready.lmtp, ready.smtp, ready.submission])
      assert.match(address, /^127\.0\.0\.1:\d+$/)
    assert.ok(ready.token.length >= 40)
  })

  test('told to end at the moment at which it says that it is ready, it drains', async (t) => {
    const data = fresh()
    for (let round = 0; round < 3; round++) assert.equal(await (await start(t, data)).stop(), 0)
  })

  test('a browser that comes to the endpoint sees a page', async (t) => {
    const { ready } = await start(t, fresh())
    for (const path of ['/', '/Microsoft-Server-ActiveSync']) {
      const response = await fetch(`${ready.eas}${path}`)
      assert.equal(response.status, 200, path)
      assert.match(await response.text(), /Relais/)
    }
  })

  test('temporary data is gone afterwards', async (t) => {
    const ready = join(folder.path, 'ephemeral.json')
    const running = start(t, fresh(), ['--ephemeral', '--ready-file', ready]).catch(() => undefined)
    for (let n = 0; n < 1200 && !existsSync(ready); n++) await once(AbortSignal.timeout(50), 'abort')
    const { pid } = JSON.parse(readFileSync(ready, 'utf8'))
    process.kill(pid, 'SIGTERM')
    await running
    assert.ok(!existsSync(ready))
  })
})

describe(
  'what keeps it from starting is one line and an exit code',
  standaloneOnly('the cluster’s start has tests of its own'),
  () => {
    const refused = async (flags: readonly string[], pattern: RegExp, env?: NodeJS.ProcessEnv) => {
      const { code, lines } = await refusedStart(flags, env)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', pattern)
      assert.equal(code, 1)
    }

    test('a port that another program has', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      const { code, lines } = await refusedStart([
        '--data',
        fresh(),
        '--port',
        '0',
        '--lmtp-port',
        String(port),
      ])
      other.close()
      assert.equal(code, 1)
      assert.match(
        lines.at(-1) ?? '',
        new RegExp(`port ${port} for LMTP can't be had: another program uses it`),
      )
    })

    test('a second process on the same folder, while the first goes on', async (t) => {
      const { data, ready } = await start(t, fresh())
      await refused(['--data', data, '--port', '0'], /in use by another process/)
      assert.equal((await fetch(ready.eas)).status, 200)
    })

    test('a folder of a newer Relais', async (t) => {
      const data = fresh()
      await (await start(t, data)).stop()
      writeFileSync(join(data, 'relais.json'), '{"format": 99}')
      await refused(['--data', data, '--port', '0'], /newer Relais/)
    })

    test('a folder of somebody else', async () => {
      const { path, remove } = testFolder()
      writeFileSync(join(path, 'thesis.odt'), 'x')
      await refused(['--data', path, '--port', '0'], /isn't a data folder/)
      assert.deepEqual(readdirSync(path).includes('thesis.odt'), true)
      remove()
    })

    test('a damaged configuration, an unknown setting, a bad value', async () => {
      const file = join(folder.path, 'config.json')
      writeFileSync(file, '{"port": ')
      await refused(['--config', file], /config\.json/)
      writeFileSync(file, '{"prot": 1}')
      await refused(['--config', file], /prot/)
      await refused(['--port', '70000'], /port/)
      await refused(['--no-such-flag'], /no-such-flag/)
      await refused(['--data', fresh()], /RELAIS_PORT/, { RELAIS_PORT: 'many' })
    })

    test('a seed that is damaged, that has a bad account, or whose folder has content', async (t) => {
      const file = join(folder.path, 'bad-seed.json')
      writeFileSync(file, '{"tenants": [{}]}')
      await refused(
        ['--data', fresh(), '--port', '0', '--seed', file],
        /seed file .*bad-seed\.json can't be used: tenants\.0/,
      )
      const { data, stop } = await seeded(t)
      await stop()
      await refused(['--data', data, '--port', '0', '--seed', writeSeed(folder.path, [ANNA])], /has content/)
    })

    test('half a certificate', async () => {
      const { lines } = await refusedStart(['--data', fresh(), '--port', '0', '--tls-key', '/nowhere'])
      assert.match(lines.at(-1) ?? '', /must be given together/)
    })
  },
)

describe('while it runs', () => {
  test('a mail over LMTP wakes a phone that waits, and is there', async (t) => {
    const running = await seeded(t)
    const phone = running.phone(ANNA.address, ANNA.password)
    await phone.folderSync()
    await phone.prime('inbox')
    await phone.sync('inbox')
    const woken = phone.ping(['inbox'])
    const { host, port } = hostAndPort(running.ready.lmtp)
    const sender = await LmtpSender.connect(host, port)
    await sender.deliver(ANNA.address, MESSAGE)
    sender.close()
    assert.equal(await woken, '2')
    assert.equal((await phone.sync('inbox')).added, 1)
  })

  test('a stop answers phones that wait, and ends well', async (t) => {
    const running = await seeded(t)
    const phone = running.phone(ANNA.address, ANNA.password)
    await phone.folderSync()
    await phone.prime('inbox')
    await phone.sync('inbox')
    const held = phone.ping(['inbox'])
    await relais(running.data, ['tenant', 'list']) // the Ping was sent before this, on another connection
    const stopped = running.stop('SIGINT')
    assert.equal(await held, '1')
    phone.close()
    assert.equal(await stopped, 0)
    assert.ok(!existsSync(join(running.data, 'running.json')))
  })

  test(
    'what was answered with 250 is there after kill -9, once',
    standaloneOnly('its processes are killed elsewhere'),
    async (t) => {
      const running = await seeded(t)
      const { host, port } = hostAndPort(running.ready.lmtp)
      const sender = await LmtpSender.connect(host, port)
      for (let n = 0; n < 20; n++)
        await sender.deliver(ANNA.address, Buffer.concat([Buffer.from(`X-N: ${n}\r\n`), MESSAGE]))
      await running.stop('SIGKILL')
      const again = await start(t, running.data)
      const phone = again.phone(ANNA.address, ANNA.password)
      await phone.folderSync()
      await phone.prime('inbox')
      assert.equal(await phone.syncAll('inbox', { window: 7 }), 20)
    },
  )

  test(
    'a phone goes on with its key after kill -9',
    standaloneOnly('its processes are killed elsewhere'),
    async (t) => {
      const running = await seeded(t)
      const phone = running.phone(ANNA.address, ANNA.password)
      await phone.folderSync()
      await phone.prime('inbox')
      await phone.sync('inbox')
      await running.stop('SIGKILL')
      const again = await start(t, running.data, ['--port', new URL(running.ready.eas).port])
      const { host, port } = hostAndPort(again.ready.lmtp)
      const sender = await LmtpSender.connect(host, port)
      await sender.deliver(ANNA.address, MESSAGE)
      sender.close()
      phone.close()
      assert.equal((await phone.sync('inbox')).added, 1)
    },
  )

  test(
    'with --expose phones, programs and administrators are served over TLS with a certificate that was made for it',
    standaloneOnly('a cluster on one machine stays on it'),
    async (t) => {
      const running = await seeded(t, ['--expose'])
      assert.match(running.ready.eas, /^https:/)
      assert.match(running.ready.ca ?? '', /BEGIN CERTIFICATE/)
      const phone = running.phone(ANNA.address, ANNA.password)
      assert.ok((await phone.folderSync()).folders.size >= 5)
      phone.close()
      assert.match(running.said(), /█/)
      const submission = hostAndPort(running.ready.submission)
      const program = createTransport({
        ...submission,
        requireTLS: true,
        auth: { user: ANNA.address, pass: ANNA.password },
        tls: { ca: running.ready.ca, servername: 'localhost' },
      })
      await program.sendMail({ from: ANNA.address, to: 'ben@acme.example', subject: 'over TLS', text: 'x' })
      program.close()
      await relais(running.data, ['status'])
    },
  )

  const onOneAddress = {
    ...standaloneOnly('the processes of a cluster have a setting of their own'),
    ...(process.platform === 'linux' ? {} : { skip: 'this system has one loopback address' }),
  }

  test(
    'with --host every port is on that address, LMTP too, and no password is taken in the clear',
    onOneAddress,
    async (t) => {
      const running = await seeded(t, ['--host', '127.0.0.2'])
      const { eas, admin, lmtp, smtp, submission } = running.ready
      for (const url of [eas, admin]) assert.match(url, /^http:\/\/127\.0\.0\.2:/)
      for (const address of [lmtp, smtp, submission]) assert.match(address, /^127\.0\.0\.2:/)
      assert.match(running.said(), /It listens on 127\.0\.0\.2, in the clear/)
      const sender = await LmtpSender.connect('127.0.0.2', hostAndPort(lmtp).port)
      await sender.deliver(ANNA.address, MESSAGE)
      sender.close()
      const phone = running.phone(ANNA.address, ANNA.password)
      await phone.prime('inbox')
      assert.equal((await phone.sync('inbox')).added, 1)
      phone.close()
      await relais(running.data, ['status'])
      await assert.rejects(LmtpSender.connect('127.0.0.1', hostAndPort(lmtp).port), /ECONNREFUSED/)
      await assert.rejects(submit(submission), /554 5\.7\.11/)
    },
  )

  test('with --host and --passwords-in-clear programs sign in without TLS', onOneAddress, async (t) => {
    const running = await seeded(t, ['--host', '127.0.0.2', '--passwords-in-clear'])
    await submit(running.ready.submission)
  })

  test('a host that is no address is refused', async () => {
    const { code, lines } = await refusedStart(['--host', 'relais.example'])
    assert.equal(code, 1)
    assert.match(lines.at(-1) ?? '', /host.*must be an IP address/)
  })
})

/** Anna sends Ben a mail by a program that doesn't ask for TLS. */
const submit = async (submission: string): Promise<void> => {
  const program = createTransport({
    ...hostAndPort(submission),
    ignoreTLS: true,
    auth: { user: ANNA.address, pass: ANNA.password },
  })
  try {
    await program.sendMail({ from: ANNA.address, to: 'ben@acme.example', subject: 'in the clear', text: 'x' })
  } finally {
    program.close()
  }
}
