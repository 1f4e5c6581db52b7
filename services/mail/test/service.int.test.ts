import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { createLocalClient, createLogger } from '@relais/service-kit'
import { createMail } from '../src/service.ts'
import { deliver, exportAll, importMessages, plain } from './calls.ts'
import { createFakeDirectory } from './fake-directory.ts'
import { asOwner, MIKE, startMail, TENANT } from './harness.ts'

const mike = { tenant: TENANT, account: MIKE }

describe('the service', () => {
  test('answers nothing before it runs and after it has stopped, and says that it may later', async (t) => {
    const { mail, client, stop } = await startMail(t)
    await client.listMailboxes(mike)
    await stop()
    const away = { code: 'UNAVAILABLE', retryable: true }
    await assert.rejects(client.listMailboxes(mike), away)
    await assert.rejects(exportAll(client), away)
    await assert.rejects(importMessages(client, [{ message: plain('x') }]), away)
    assert.equal(mail.checkpoint(), 0)
    await mail.stop()
  })

  test('can be started twice and goes on where it was', async (t) => {
    const first = await startMail(t)
    await first.mail.start()
    await importMessages(first.client, [{ message: plain('kept') }])
    const before = await first.rows()
    await first.stop()
    const second = await startMail(t, { folder: first.folder })
    assert.deepEqual(await second.rows(), before)
    const [message] = (await second.client.listMessages({ ...mike, mailbox: 'inbox' })).messages
    assert.equal(message!.envelope?.subject, 'kept')
  })

  test('that cannot open its rows closes what it has opened', async () => {
    const opened: string[] = []
    const store = (name: string) => ({
      close: async () => void opened.splice(opened.indexOf(name), 1),
    })
    const mail = createMail({
      ...({ log: {}, blobs: {}, clock: Date.now, ids: () => 'id' } as object),
      directory: createFakeDirectory().client,
      logger: createLogger({ name: 'test', level: 'silent' }),
      openStore: async ({ name }: { name: string }) => {
        opened.push(name)
        return store(name)
      },
      openProjector: async () => {
        throw new Error('the disk is full')
      },
    } as unknown as Parameters<typeof createMail>[0])
    await assert.rejects(mail.start(), /the disk is full/)
    assert.deepEqual(opened, [])
    const client = createLocalClient(MailDefinition, mail.handlers, { identity: asOwner() })
    await assert.rejects(client.listMailboxes(mike), { code: 'UNAVAILABLE' })
  })

  test('says what its rows stand still at, and answers what they have', async (t) => {
    const suite = await startMail(t)
    const [result] = await deliver(suite.client, plain('before'))
    await suite.client.listMailboxes({ ...mike, minPosition: result!.position })
    assert.equal(suite.mail.fault(), undefined)
    await suite.log.append({
      ...{ stream: { ...mike, service: 'mail' }, commandId: 'newer', principal: '', at: 1 },
      ...{ events: [{ type: 'OfANewerProgram', version: 1, payload: new Uint8Array(0) }] },
      actor: { kind: 'service', id: 'mail', device: '' },
    })
    const later = await suite.log.head({})
    await assert.rejects(suite.client.listMailboxes({ ...mike, minPosition: later }))
    assert.match(String(suite.mail.fault()), /mail/)
    assert.equal((await suite.client.listMessages({ ...mike, mailbox: 'inbox' })).messages.length, 1)
  })
})

describe('large mailboxes and messages', () => {
  test('are exported page by page and chunk by chunk', async (t) => {
    const { client } = await startMail(t)
    const large = Buffer.from(`Subject: large\r\n\r\n${'0123456789abcdef'.repeat(160_000)}`)
    const small = Array.from({ length: 250 }, (_, n) => ({ message: `Subject: ${n}\n\nx` }))
    await importMessages(client, [...small, { message: large }])
    let chunks = 0
    let longest = 0
    for await (const { part } of client.export(mike)) {
      if (part?.$case !== 'chunk') continue
      chunks++
      longest = Math.max(longest, part.value.length)
    }
    assert.ok(chunks > 250 + 20 && longest <= 64 * 1024)
    const all = await exportAll(client)
    assert.equal(all.length, 251)
    assert.deepEqual(all.at(-1)!.bytes, large)
  })
})
