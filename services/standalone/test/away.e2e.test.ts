import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import type { TagName } from '@relais/device-sync/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { childrenNamed, childrenOf, descendant, textChild, textOf } from '@relais/device-sync/wbxml/read.ts'
import { waitUntil } from '@relais/testing'
import { SMTPServer } from 'smtp-server'
import { hostAndPort, type Running, relais, start, testFolder, writeSeed } from './process.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse' }
const BEN = { address: 'ben@acme.example', password: 'battery staple' }

type Left = { readonly from: string; readonly to: readonly string[]; readonly text: string }

/** Where mail for elsewhere leaves to. */
const left: Left[] = []
const sink = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData: (stream, session, done) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope
      left.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        text: Buffer.concat(chunks).toString(),
      })
      done()
    })
  },
})

const folder = testFolder()
const endings: (() => void | Promise<void>)[] = []
const scope = { after: (end: () => void | Promise<void>) => void endings.push(end) }
const clients: EasClient[] = []
let running: Running

const started = async (flags: readonly string[] = []) => {
  const address = sink.server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  running = await start(scope, join(folder.path, 'data'), [
    ...[...flags, '--smarthost', `smtp://127.0.0.1:${port}`],
  ])
}

before(async () => {
  sink.listen(0, '127.0.0.1')
  await once(sink.server, 'listening')
  await started(['--seed', writeSeed(folder.path, [ANNA, BEN]), '--throw-away'])
})
after(async () => {
  for (const client of clients) client.close()
  for (const end of endings.reverse()) await end()
  await new Promise<void>((resolve) => sink.close(() => resolve()))
  folder.remove()
})

const phoneOf = (who: typeof ANNA, deviceId: string, version: '12.1' | '14.1' | '16.1' = '16.1') => {
  const client = new EasClient({
    ...{ url: running.ready.eas, user: who.address, password: who.password, deviceId, version },
  })
  clients.push(client)
  return client
}

/** Delivers over LMTP as the site's own mail server does, from whom it says. */
const deliver = async (sender: string, recipient: string, message: string) => {
  const { host, port } = hostAndPort(running.ready.lmtp)
  const socket = connect({ host, port })
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const reply = async () => {
    for (;;) {
      const { value } = await lines.next()
      if (value?.[3] !== '-') return String(value)
    }
  }
  await reply()
  const say = async (line: string, code: string) => {
    socket.write(`${line}\r\n`)
    const answer = await reply()
    assert.ok(answer.startsWith(code), answer)
  }
  await say('LHLO test.example', '250')
  await say(`MAIL FROM:<${sender}>`, '250')
  await say(`RCPT TO:<${recipient}>`, '250')
  await say('DATA', '354')
  await say(`${message.replace(/\r?\n/g, '\r\n')}\r\n.`, '250')
  socket.destroy()
}

let letters = 0
const letter = (fields = '') =>
  `From: Ann <ann@else.example>\nTo: ${ANNA.address}\nSubject: Question ${++letters}\nMessage-ID: <q${letters}@else.example>\n${fields}\nWhen?\n`

const oof = (...children: (WbxmlNode | false)[]) => el('settings:Settings', [el('settings:Oof', children)])
const message = (audience: string, text: string, type = 'Text') =>
  el('settings:OofMessage', [
    el(`settings:AppliesTo${audience}` as TagName),
    el('settings:Enabled', '1'),
    el('settings:ReplyMessage', text),
    el('settings:BodyType', type),
  ])

const setOof = async (phone: EasClient, ...children: WbxmlNode[]) => {
  const { root } = await phone.post('Settings', oof(el('settings:Set', children)))
  assert.equal(textOf(descendant(root, 'settings:Oof', 'settings:Status')!), '1')
}

const repliesTo = (sender: string) => left.filter(({ to }) => to.includes(sender))
const replied = (sender: string) =>
  waitUntil(() => (repliesTo(sender).length > 0 ? repliesTo(sender) : undefined), {
    what: `the reply to ${sender}`,
  })

describe('an owner who is away', () => {
  test('says so on the phone, and outside senders are told over SMTP, once each, from nobody', async () => {
    const phone = phoneOf(ANNA, 'AWAY1')
    await setOof(
      phone,
      el('settings:OofState', 1),
      message('Internal', 'inside words'),
      message('ExternalKnown', 'known words'),
      message('ExternalUnknown', '<p>unknown <b>words</b></p>', 'HTML'),
    )
    for (let n = 0; n < 3; n += 1) await deliver('one@else.example', ANNA.address, letter())
    const [reply] = await replied('one@else.example')
    assert.equal(reply?.from, '')
    assert.match(reply?.text ?? '', /^Auto-Submitted: auto-replied\r$/m)
    assert.match(reply?.text ?? '', /^Subject: Auto: Question 1\r$/m)
    assert.match(reply?.text ?? '', /^In-Reply-To: <q1@else\.example>\r$/m)
    assert.match(reply?.text ?? '', /<p>unknown <b>words<\/b><\/p>/)
  })

  test('never answers lists, bulk, programs or nobody', async () => {
    await deliver('list@else.example', ANNA.address, letter('List-Id: <l.else.example>\n'))
    await deliver('bulk@else.example', ANNA.address, letter('Precedence: bulk\n'))
    await deliver('auto@else.example', ANNA.address, letter('Auto-Submitted: auto-generated\n'))
    await deliver('noreply@else.example', ANNA.address, letter())
    await deliver('', ANNA.address, letter())
    await deliver('cc@else.example', ANNA.address, letter().replace(ANNA.address, 'all@acme.example'))
    await deliver('two@else.example', ANNA.address, letter())
    await replied('two@else.example')
    assert.deepEqual(left.map(({ to }) => to.join()).sort(), ['one@else.example', 'two@else.example'])
  })

  test('tells those whom the owner has written to what they are to know', async () => {
    const phone = phoneOf(ANNA, 'AWAY1')
    const mime = `From: ${ANNA.address}\r\nTo: friend@else.example\r\nSubject: Hello\r\n\r\nHi\r\n`
    await phone.post(
      'SendMail',
      el('composemail:SendMail', [
        el('composemail:ClientId', 'away-1'),
        el('composemail:Mime', Buffer.from(mime)),
      ]),
    )
    await replied('friend@else.example')
    await deliver('Friend@else.example', ANNA.address, letter())
    const [reply] = await replied('Friend@else.example')
    assert.match(reply?.text ?? '', /known words/)
    assert.doesNotMatch(reply?.text ?? '', /unknown/)
  })

  test('tells a colleague inside, whose phone gets it', async () => {
    const ben = running.phone(BEN.address, BEN.password, 'BEN1')
    await ben.folderSync()
    await ben.prime('inbox')
    await deliver(BEN.address, ANNA.address, letter())
    await waitUntil(async () => (await ben.sync('inbox')).added > 0)
    ben.close()
    assert.equal(repliesTo(BEN.address).length, 0)
  })

  test('sees what is set on any phone, in the form it asks for, and administrators see it too', async () => {
    const { root } = await phoneOf(ANNA, 'AWAY2', '12.1').post(
      'Settings',
      oof(el('settings:Get', [el('settings:BodyType', 'Text')])),
    )
    const get = descendant(root, 'settings:Oof', 'settings:Get')!
    assert.deepEqual(
      childrenNamed(get, 'settings:OofMessage').map((one) => textChild(one, 'settings:ReplyMessage')),
      ['inside words', 'known words', 'unknown words'],
    )
    const [shown] = JSON.parse(
      await relais(running.data, ['--json', 'automatic-replies', 'show', ANNA.address]),
    )
    assert.deepEqual([shown.state, shown.inside, shown['senders answered']], ['on', 'inside words', 4])
  })

  test('isn’t away any more once that is said, also by an administrator; nobody is told again after a restart', async () => {
    await running.stop()
    await started()
    await deliver('one@else.example', ANNA.address, letter())
    await deliver('three@else.example', ANNA.address, letter())
    await replied('three@else.example')
    assert.equal(repliesTo('one@else.example').length, 1)
    await relais(running.data, ['automatic-replies', 'off', ANNA.address])
    await deliver('four@else.example', ANNA.address, letter())
    const inside = ['--outside-unknown', 'second words']
    await relais(running.data, ['automatic-replies', 'on', ANNA.address, ...inside])
    await deliver('one@else.example', ANNA.address, letter())
    await waitUntil(() => repliesTo('one@else.example').length === 2)
    assert.match(repliesTo('one@else.example')[1]!.text, /second words/)
    assert.equal(repliesTo('four@else.example').length, 0)
  })
})

const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
const outcome = async (phone: EasClient) => {
  const { root, status } = await phone.post('Settings', settings)
  return root ? textOf(descendant(root, 'settings:Status')!) : `HTTP ${status}`
}
const provision = (...children: WbxmlNode[]) => el('provision:Provision', children)

describe('a wipe from the command line', () => {
  for (const [accountOnly, tag] of [
    [false, 'provision:RemoteWipe'],
    [true, 'provision:AccountOnlyRemoteWipe'],
  ] as const)
    test(`${tag}: is told, acknowledged, recorded, and the device blocked until it is allowed again`, async () => {
      const device = accountOnly ? 'WIPED2' : 'WIPED1'
      const phone = phoneOf(BEN, device)
      assert.equal(await outcome(phone), '1')
      const command = (...args: string[]) => relais(running.data, ['device', ...args])
      const shown = async () => {
        const [row] = JSON.parse(
          await relais(running.data, ['--json', 'device', 'show', BEN.address, device]),
        )
        return [row.wipe, row.blocked]
      }
      const said = accountOnly ? 'account only: ' : ''
      const options = accountOnly ? ['--account-only'] : []
      await command('wipe', BEN.address, device, ...options)
      assert.deepEqual(await shown(), [`${said}requested`, false])
      await command('cancel-wipe', BEN.address, device)
      assert.equal(await outcome(phone), '1')
      await command('wipe', BEN.address, device, ...options)
      assert.equal(await outcome(phone), '140')
      const told = await phone.post('Provision', provision())
      assert.deepEqual(
        childrenOf(told.root!).map((one) => one.tag),
        ['provision:Status', tag],
      )
      await phone.post('Provision', provision(el(tag, [el('provision:Status', 1)])))
      assert.equal(await outcome(phone), '129')
      assert.deepEqual(await shown(), [`${said}done`, true])
      await command('unblock', BEN.address, device)
      assert.equal(await outcome(phone), '1')
      assert.deepEqual(await shown(), ['-', false])
    })

  test('ends what the phone waits for at once', async () => {
    const phone = running.phone(BEN.address, BEN.password, 'WAITING1')
    await phone.folderSync()
    await phone.prime('inbox')
    await phone.syncAll('inbox', { window: 512 })
    const held = phone.ping(['inbox']).catch((error: Error) => error.message)
    await relais(running.data, ['device', 'wipe', BEN.address, 'WAITING1'])
    assert.match(await held, /140/)
    phone.close()
  })
})

describe('a policy of the tenant', () => {
  test('is asked for, told and taken; then the phone comes in with its key', async () => {
    await relais(running.data, ['tenant', 'set', 'acme', 'eas.policy', 'AllowCamera=0'])
    const phone = phoneOf(BEN, 'POLICY1')
    await waitUntil(async () => (await outcome(phone)) === '142')
    const type = el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')
    const policies = (...children: WbxmlNode[]) =>
      el('provision:Policies', [el('provision:Policy', [type, ...children])])
    const information = el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'm1')])])
    const keyOf = (root: WbxmlNode | undefined) =>
      textOf(descendant(root, 'provision:Policies', 'provision:Policy', 'provision:PolicyKey')!)
    const first = await phone.post('Provision', provision(information, policies()))
    const second = await phone.post(
      'Provision',
      provision(policies(el('provision:PolicyKey', keyOf(first.root)), el('provision:Status', 1))),
    )
    const { root } = await phone.post('Settings', settings, {
      headers: { 'X-MS-PolicyKey': keyOf(second.root) },
    })
    assert.equal(textOf(descendant(root, 'settings:Status')!), '1')
    const [row] = JSON.parse(await relais(running.data, ['--json', 'device', 'show', BEN.address, 'POLICY1']))
    assert.deepEqual([row.policy, row.model], ['applied', 'm1'])
    await relais(running.data, ['tenant', 'set', 'acme', 'eas.policy'])
    await waitUntil(async () => (await outcome(phone)) === '1')
  })
})
