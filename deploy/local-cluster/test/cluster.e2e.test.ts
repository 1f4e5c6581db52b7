import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import { el } from '@relais/device-sync/wbxml/node.ts'
import { bytesOf, child, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { waitUntil } from '@relais/testing'
import { addsIn, clusterOfTests, missing, mustComeAgain, TestPhone } from './running-cluster.ts'

const HELLO = 'Subject: hello\r\n\r\nGood morning\r\n'
const pingStatus = (answer: { root: Parameters<typeof textChild>[0] }) =>
  textChild(answer.root, 'ping:Status')

describe('every service a process of its own', { skip: missing, timeout: 170_000 }, () => {
  const running = clusterOfTests('jetstream')

  test('a mail over LMTP wakes a phone that waits behind HAProxy, and is there', async () => {
    const phone = await running().phone('WOKEN').setUp()
    const woken = phone.ping()
    await running().deliver(HELLO)
    assert.equal(pingStatus(await woken), '2')
    assert.ok(addsIn(await phone.sync()).length >= 1)
  })

  test('a phone whose answer was lost has the same one from the other device-sync', async () => {
    const one = await running().phone('LOST', 1).setUp()
    await running().deliver(HELLO)
    const { key } = one
    const lost = await one.sync()
    const other = running().phone('LOST', 2)
    other.key = key
    const again = await other.sync()
    const idsIn = (answer: typeof lost) => addsIn(answer).map((add) => textChild(add, 'airsync:ServerId'))
    assert.deepEqual(idsIn(again), idsIn(lost))
    assert.equal(idsIn(again).length, 1)
    one.key = other.key
    assert.equal(addsIn(await one.sync()).length, 0)
  })

  test('mail that is gone: a Sync is told to come again, a held Ping stays held, and is woken when mail is back', async () => {
    const { service, probe, deliver } = running()
    const phone = await running().phone('MAILGONE', 1).setUp()
    const held = phone.ping()
    const syncing = await running().phone('MAILGONE2', 1).setUp()
    await deliver(HELLO).then(() => phone.sync())
    const waiting = phone.ping()
    await held
    await service('mail').process.kill()
    const refused = await syncing.sync()
    assert.ok(mustComeAgain(refused))
    await waitUntil(async () => (await probe('device-sync-1', 'readyz')) === 503, { within: 20_000 })
    assert.equal(await probe('device-sync-1', 'livez'), 200)
    assert.equal(await probe('device-sync-1', 'startupz'), 200)
    await assert.rejects(deliver(HELLO), /LMTP: 4/)
    await service('mail').restart()
    await waitUntil(async () => (await probe('device-sync-1', 'readyz')) === 200, { within: 30_000 })
    await waitUntil(
      () =>
        deliver(HELLO).then(
          () => true,
          () => false,
        ),
      { within: 20_000 },
    )
    assert.equal(pingStatus(await waiting), '2')
    // It has just come back: a phone may be told once more to come again.
    await waitUntil(async () => addsIn(await phone.sync()).length >= 1)
    const said = running()
      .lines('device-sync-1')
      .filter(({ component }) => component === 'mail')
    assert.equal(said.filter(({ msg }) => msg.startsWith('was lost')).length, 1)
  })

  test('a device-sync that is told to end answers what it holds; phones behind HAProxy notice nothing', async () => {
    const { service, probe } = running()
    const held = await running().phone('DRAINED', 1).setUp()
    const asking = await running().phone('ASKING').setUp()
    const ping = held.ping()
    for (const name of ['device-sync-1', 'device-sync-2'])
      await waitUntil(async () => (await probe(name, 'readyz')) === 200, { within: 30_000 })
    await waitUntil(async () => !mustComeAgain(await asking.sync()), { within: 30_000 })
    const stopped = service('device-sync-1').process.stop()
    const statuses = new Set<boolean>()
    const answered = ping.then(pingStatus)
    let over = false
    void stopped.then(() => {
      over = true
    })
    while (!over) statuses.add(mustComeAgain(await asking.sync()))
    assert.equal(await answered, '1')
    assert.deepEqual([...statuses], [false])
    await service('device-sync-1').restart()
    await waitUntil(async () => (await probe('device-sync-1', 'readyz')) === 200, { within: 30_000 })
  })

  test('a message of 50 MB is fetched by a phone, byte for byte', async () => {
    const line = `${'x'.repeat(76)}\r\n`
    const text = `Subject: large\r\nMessage-ID: <large@else.example>\r\n\r\n${line.repeat(640_000)}`
    const phone = await running().phone('LARGE').setUp()
    await running().deliver(text)
    let id: string | undefined
    await waitUntil(async () => {
      const large = addsIn(await phone.sync()).find(
        (add) => textChild(child(add, 'airsync:ApplicationData'), 'email:Subject') === 'large',
      )
      id ??= textChild(large, 'airsync:ServerId')
      return id !== undefined
    })
    const answer = await phone.client.post(
      'ItemOperations',
      el('itemoperations:ItemOperations', [
        el('itemoperations:Fetch', [
          el('itemoperations:Store', 'Mailbox'),
          el('airsync:CollectionId', 'inbox'),
          el('airsync:ServerId', id ?? ''),
          el('itemoperations:Options', [
            el('airsync:MIMESupport', 2),
            el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4)]),
          ]),
        ]),
      ]),
    )
    const fetched = descendant(answer.root, 'itemoperations:Response', 'itemoperations:Fetch')
    assert.equal(textChild(fetched, 'itemoperations:Status'), '1')
    const body = descendant(fetched, 'itemoperations:Properties', 'airsyncbase:Body', 'airsyncbase:Data')
    const bytes = body === undefined ? new Uint8Array() : bytesOf(body)
    const received = Buffer.from(bytes).toString('latin1')
    assert.ok(bytes.length > 49_000_000, String(bytes.length))
    const at = received.indexOf('Subject: large')
    assert.equal(hash('sha256', received.slice(at)), hash('sha256', `${text}\r\n`))
  })

  test('services say what they wait for, and nothing of what mail says', () => {
    for (const { name } of running().cluster.services)
      for (const line of running().lines(name))
        assert.doesNotMatch(JSON.stringify(line), /acme\.example|Good morning|hello/)
  })

  test('a phone that goes from one device-sync to the other keeps its keys', async () => {
    const one = await running().phone('MOVES', 1).setUp()
    await running().deliver(HELLO)
    const two = new TestPhone(`http://127.0.0.1:${running().cluster.ports.phones[1]}`, 'MOVES', one.key)
    assert.equal(addsIn(await two.sync()).length, 1)
    one.key = two.key
    assert.equal(addsIn(await one.sync()).length, 0)
    two.client.close()
  })

  test('what a phone has waiting at one device-sync is over when it asks anew at the other one, which then wakes it', async () => {
    const { held, phone, deliver } = running()
    const one = await phone('TWICE', 1).setUp()
    const two = phone('TWICE', 2)
    const waiting = { one: await held('device-sync-1'), two: await held('device-sync-2') }
    const older = one.ping()
    await waitUntil(async () => (await held('device-sync-1')) === waiting.one + 1)
    const newer = two.ping()
    assert.equal(pingStatus(await older), '1')
    await waitUntil(async () => (await held('device-sync-2')) === waiting.two + 1)
    assert.equal(await held('device-sync-1'), waiting.one)
    await deliver(HELLO)
    assert.equal(pingStatus(await newer), '2')
  })

  test('also by a request that does not wait', async () => {
    const { held, phone } = running()
    const one = await phone('SYNCS', 1).setUp()
    const two = phone('SYNCS', 2)
    two.key = one.key
    const before = await held('device-sync-1')
    const older = one.ping()
    await waitUntil(async () => (await held('device-sync-1')) === before + 1)
    await two.sync()
    assert.equal(pingStatus(await older), '1')
  })
})
