import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { textChild } from '@relais/device-sync/wbxml/read.ts'
import { waitUntil } from '@relais/testing'
import { addsIn, clusterOfTests, collectionIn, missing, mustComeAgain } from './running-cluster.ts'

const KILLS = 6
const HELLO = 'Subject: hello\r\n\r\nGood morning\r\n'

for (const log of ['jetstream', 'postgres'] as const)
  describe(`a part of the cluster is slow or gone, with the log in ${log}`, { skip: missing }, () => {
    const running = clusterOfTests(log)

    test('mail that takes calls and never answers: the deadline holds, and the phone is told to come again', async () => {
      const { service, probe, deliver } = running()
      const phone = await running().phone('MAILSLOW', 2).setUp()
      await deliver(HELLO)
      const { process: mail } = service('mail')
      mail.pause()
      const began = performance.now()
      // The notice of the mail may still be on its way: until then nothing is new, and nobody is asked.
      await waitUntil(async () => mustComeAgain(await phone.sync()), { within: 25_000 })
      mail.resume()
      assert.ok(performance.now() - began < 30_000)
      await waitUntil(async () => (await probe('device-sync-2', 'readyz')) === 200, { within: 20_000 })
      assert.equal(addsIn(await phone.sync()).length, 1)
    })

    test('all log servers gone: what needs no log is answered, the rest is told to come again, and it goes on when they are back', async () => {
      const { cluster, probe, deliver } = running()
      const phone = await running().phone('NOLOG', 1).setUp()
      await cluster.hurt[log === 'jetstream' ? 'nats' : 'postgres']?.kill()
      if (log === 'jetstream') assert.ok(!mustComeAgain(await phone.sync()))
      await waitUntil(async () => (await probe('device-sync-1', 'readyz')) === 503, { within: 30_000 })
      assert.equal(await probe('device-sync-1', 'livez'), 200)
      await assert.rejects(deliver(HELLO), /LMTP: 4/)
      await cluster.hurt[log === 'jetstream' ? 'nats' : 'postgres']?.start()
      await waitUntil(async () => (await probe('device-sync-1', 'readyz')) === 200, { within: 60_000 })
      await waitUntil(
        () =>
          deliver(HELLO).then(
            () => true,
            () => false,
          ),
        { within: 30_000 },
      )
      await waitUntil(async () => addsIn(await phone.sync()).length > 0, { within: 20_000 })
      const lost = running()
        .lines('device-sync-1')
        .filter(
          ({ component, msg }) =>
            component === (log === 'jetstream' ? 'the event log' : 'the database') &&
            msg.startsWith('was lost'),
        )
      assert.ok(lost.length <= 1, 'it is said once')
    })

    test('the database gone: phones are told to come again, and go on when it is back', async () => {
      const { cluster, probe } = running()
      const phone = await running().phone('NOROWS', 2).setUp()
      await cluster.hurt.postgres?.kill()
      assert.ok(mustComeAgain(await phone.sync()))
      await waitUntil(async () => (await probe('device-sync-2', 'readyz')) === 503, { within: 20_000 })
      assert.equal(await probe('device-sync-2', 'livez'), 200)
      await cluster.hurt.postgres?.start()
      await waitUntil(async () => !mustComeAgain(await phone.sync()), { within: 30_000 })
      await waitUntil(async () => (await probe('mail', 'readyz')) === 200, { within: 30_000 })
    })

    test('the database killed right after an answer: the key is good, also at the other device-sync', async () => {
      const { cluster, deliver, phone } = running()
      await deliver(HELLO)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const one = phone(`KILLED${kill}`, 1)
        await waitUntil(async () => !mustComeAgain(await one.sync()), { within: 30_000 })
        await cluster.hurt.postgres?.kill()
        await cluster.hurt.postgres?.start()
        const other = phone(`KILLED${kill}`, 2)
        other.key = one.key
        const answer = await waitUntil(
          async () => {
            const said = await other.sync()
            return mustComeAgain(said) ? undefined : said
          },
          { within: 30_000 },
        )
        assert.equal(textChild(collectionIn(answer.root), 'airsync:Status'), '1', `kill ${kill}`)
        assert.ok(addsIn(answer).length > 0)
      }
    })

    test('a second process of mail waits, and takes over when the first is killed', async (context) => {
      const { service } = running()
      const second = await service('mail').beside()
      context.after(() => second.process.stop())
      const probe = async (path: string) => (await fetch(`http://127.0.0.1:${second.health}/${path}`)).status
      await waitUntil(async () => (await probe('startupz')) === 200, { within: 30_000 })
      assert.deepEqual([await probe('livez'), await probe('readyz')], [200, 503])
      await service('mail').process.kill()
      await waitUntil(async () => (await probe('readyz')) === 200, { within: 20_000 })
      await service('mail').restart()
      await second.process.stop()
      await waitUntil(async () => (await running().probe('mail', 'readyz')) === 200, { within: 30_000 })
    })
  })
