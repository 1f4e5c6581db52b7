import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { createRoot } from '@relais/device-sync/testing/test-certificates.ts'
import { el } from '@relais/device-sync/wbxml/node.ts'
import {
  bytesOf,
  child,
  childrenNamed,
  descendant,
  textChild,
  textOf,
} from '@relais/device-sync/wbxml/read.ts'
import { type Running, relais, start, testFolder, writeSeed } from './process.ts'

const ANNA = { address: 'anna@acme.example', password: 'correct horse', name: 'Anna Bell' }

/** A PNG of so many pixels and bytes, as far as anybody looks at it. */
const png = (side: number, bytes: number): Buffer => {
  const picture = Buffer.alloc(bytes, 1)
  picture.set(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
  picture.writeUInt32BE(side, 16)
  picture.writeUInt32BE(side, 20)
  return picture
}

const folder = testFolder()
const endings: (() => void | Promise<void>)[] = []
const scope = { after: (end: () => void | Promise<void>) => void endings.push(end) }
let running: Running
const command = (...args: string[]) => relais(running.data, args)
const json = async (...args: string[]) => JSON.parse(await command('--json', ...args))
const written = (name: string, content: string | Buffer): string => {
  const path = join(folder.path, name)
  writeFileSync(path, content)
  return path
}

before(async () => {
  running = await start(scope, join(folder.path, 'data'), [
    ...['--seed', writeSeed(folder.path, [ANNA]), '--throw-away'],
  ])
})
after(async () => {
  for (const end of endings.reverse()) await end()
  folder.remove()
})

const phoneOf = (user: string, password: string): EasClient => {
  const client = new EasClient({ url: running.ready.eas, user, password, deviceId: 'PEOPLE1' })
  scope.after(() => client.close())
  return client
}

/** What a phone is told of whoever a name means. */
const resolved = async (client: EasClient, name: string) => {
  const options = el('resolverecipients:Options', [
    el('resolverecipients:CertificateRetrieval', 2),
    el('resolverecipients:Picture'),
  ])
  const { root } = await client.post(
    'ResolveRecipients',
    el('resolverecipients:ResolveRecipients', [el('resolverecipients:To', name), options]),
  )
  const recipient = descendant(root, 'resolverecipients:Response', 'resolverecipients:Recipient')
  const certificates = child(recipient, 'resolverecipients:Certificates')
  const picture = child(recipient, 'resolverecipients:Picture')
  const data = child(picture, 'resolverecipients:Data')
  return {
    status: textChild(child(root, 'resolverecipients:Response'), 'resolverecipients:Status'),
    picture: [textChild(picture, 'resolverecipients:Status'), data && Buffer.from(bytesOf(data))],
    certificates: certificates
      ? childrenNamed(certificates, 'resolverecipients:Certificate').map((one) => textOf(one, 20_000))
      : [],
  }
}

describe('pictures and certificates of people', () => {
  test('are set on the command line, and phones of the tenant get them, no others', async () => {
    const picture = png(300, 20_000)
    const certificate = await createRoot('anna@acme.example')
    const pem = certificate.node.toString()
    await command('account', 'picture', 'set', ANNA.address, written('anna.png', picture))
    const added = await json('account', 'certificate', 'add', ANNA.address, written('anna.pem', pem))
    const [shown] = await json('account', 'show', ANNA.address)
    assert.equal(shown.picture, picture.length)
    const [listed] = await json('account', 'certificate', 'list', ANNA.address)
    assert.deepEqual([listed.fingerprint, listed.subject], [added.fingerprint, 'CN=anna@acme.example'])

    const anna = phoneOf(ANNA.address, ANNA.password)
    assert.deepEqual(await resolved(anna, 'anna bell'), {
      status: '1',
      picture: ['1', picture],
      certificates: [certificate.base64],
    })
    await command('tenant', 'create', 'Evil', 'evil.example')
    await relais(running.data, ['account', 'create', 'eve@evil.example', '--name', 'Eve'], {
      input: 'secret\n',
    })
    const eve = phoneOf('eve@evil.example', 'secret')
    for (const name of ['anna bell', ANNA.address, 'bell'])
      assert.equal((await resolved(eve, name)).status, '4', name)
    assert.deepEqual((await resolved(eve, 'eve')).picture, ['173', undefined])

    await command('account', 'picture', 'remove', ANNA.address)
    await command(
      'account',
      'certificate',
      'remove',
      ANNA.address,
      added.fingerprint.slice(0, 8).toUpperCase(),
    )
    assert.deepEqual(await resolved(anna, 'anna bell'), {
      status: '1',
      picture: ['173', undefined],
      certificates: [],
    })
  })

  test('that can’t be are refused in a line', async () => {
    const refused = (args: readonly string[], code: number) => relais(running.data, args, { code })
    const set = ['account', 'picture', 'set', ANNA.address]
    assert.match(await refused([...set, written('x.gif', 'GIF89a')], 1), /JPEG or a PNG/)
    assert.match(await refused([...set, join(folder.path, 'missing.png')], 2), /can't be read/)
    const add = ['account', 'certificate', 'add', ANNA.address]
    assert.match(await refused([...add, written('x.pem', 'nothing')], 1), /X\.509/)
    const remove = ['account', 'certificate', 'remove', ANNA.address]
    assert.match(await refused([...remove, 'abcdef0123'], 2), /0 certificates/)
  })

  test('come from CSV with their accounts; a file that can’t be used is told, and the account is there', async () => {
    mkdirSync(join(folder.path, 'files'))
    written('files/zoe.png', png(64, 900))
    written('files/zoe.pem', (await createRoot('zoe@acme.example')).node.toString())
    written('files/bad.png', 'GIF89a')
    const csv = written(
      'accounts.csv',
      'address,password,name,picture,certificate\nzoe@acme.example,secret,Zoe,files/zoe.png,files/zoe.pem\nbad@acme.example,secret,Bad,files/bad.png,\n',
    )
    const said = await relais(running.data, ['account', 'import', 'acme', csv], { code: 1 })
    assert.match(said, /bad@acme\.example: .*JPEG or a PNG/)
    const zoe = await resolved(phoneOf('bad@acme.example', 'secret'), 'zoe')
    assert.deepEqual([zoe.picture[0], zoe.certificates.length], ['1', 1])
  })

  test('a phone that isn’t slowed down is released for nothing, and said so', async () => {
    const phone = phoneOf(ANNA.address, ANNA.password)
    await phone.post('FolderSync', el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]))
    assert.match(await command('device', 'release', ANNA.address, 'PEOPLE1'), /was not slowed down/)
    assert.match(
      await relais(running.data, ['device', 'release', ANNA.address, 'OTHER'], { code: 1 }),
      /no such device/,
    )
  })
})
